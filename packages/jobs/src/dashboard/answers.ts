import { createHash } from 'node:crypto'
import { CLIENT_SCRIPT } from './client-script.ts'
import { ICON, STYLE } from './style.ts'

/** Only its own files, no script or style within a page, and in no other page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // With "no-referrer" a browser would not say where a form comes from.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** A page, for {@link answer}. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly (string | undefined)[]
}

/** A response that no cache keeps. */
export function answer(
  body: string | ReadableStream<Uint8Array> | null,
  { status = 200, headers, cookies = [] }: Answer,
): Response {
  const all = new Headers({ ...HEADERS, ...headers })
  for (const cookie of cookies) if (cookie !== undefined) all.append('set-cookie', cookie)
  return new Response(body, { status, headers: all })
}

/** A few words. */
export function plain(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return answer(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  })
}

/** On to another page of ours: a path, so that it does not matter which name a proxy is known by. */
export const seeOther = (location: string): Response =>
  answer(null, { status: 303, headers: { location } })

const FILES: ReadonlyMap<string, readonly [type: string, text: string]> = new Map([
  ['/style.css', ['text/css; charset=utf-8', STYLE]],
  ['/live.js', ['text/javascript; charset=utf-8', CLIENT_SCRIPT]],
  ['/icon.svg', ['image/svg+xml', ICON]],
])

/** Changes with the files. */
export const VERSION: string = createHash('sha256')
  .update(STYLE + CLIENT_SCRIPT + ICON)
  .digest('hex')
  .slice(0, 12)

/** One of the files that pages load. */
export function fileAt(path: string): Response | undefined {
  const file = FILES.get(path)
  if (file === undefined) return undefined
  const [type, text] = file
  const headers = { 'content-type': type, 'cache-control': 'private, max-age=31536000, immutable' }
  return answer(text, { headers })
}
