import { randomBytes, timingSafeEqual } from 'node:crypto'
import { isOwnPage } from '@yuzuru/concurrency/boundary'

/*
 * A form has the value of a cookie, which another site can neither read nor send (`SameSite=Strict`). No secret is shared
 * between processes, and no page's token is made invalid by another tab. Beside that, browsers say where a request comes
 * from (`Sec-Fetch-Site`). The address of the request itself is not compared with `Origin`: behind a proxy they differ.
 *
 * https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */

const COOKIE = 'yuzuru_jobs_form'

const TOKEN = /^[\w-]{43}$/

/** The token of a browser, and the cookie to set where it has none. */
export function formToken(
  request: Request,
  basePath: string,
): { readonly token: string; readonly cookie: string | undefined } {
  const known = cookieOf(request, COOKIE)
  if (known !== undefined && TOKEN.test(known)) return { token: known, cookie: undefined }
  const token = randomBytes(32).toString('base64url')
  return { token, cookie: cookieText(request, basePath, COOKIE, token, 'Strict') }
}

/** Whether a form comes from a page of ours. */
export function isOwnForm(request: Request, token: string | null): boolean {
  const known = cookieOf(request, COOKIE)
  const site = request.headers.get('sec-fetch-site') ?? undefined
  if (!isOwnPage(site) || known === undefined || token === null) return false
  if (!TOKEN.test(known) || !TOKEN.test(token)) return false
  return timingSafeEqual(Buffer.from(known), Buffer.from(token))
}

/** The value of a cookie. */
export function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** A cookie for all pages of the dashboard. */
export function cookieText(
  request: Request,
  basePath: string,
  name: string,
  value: string,
  sameSite: 'Strict' | 'Lax',
): string {
  const isSecure =
    request.url.startsWith('https:') || request.headers.get('x-forwarded-proto') === 'https'
  const secure = isSecure ? '; Secure' : ''
  return `${name}=${value}; Path=${basePath === '' ? '/' : basePath}; HttpOnly; SameSite=${sameSite}${secure}`
}
