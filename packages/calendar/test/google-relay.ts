import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GivenGoogle } from './given-google.ts'

/** The account of the suites. */
const EMAIL = 'hana@example.com'

export interface GoogleRelay extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly url: string
  requestCount(method: string, path: string): number
  /** From now on the access tokens of now are refused, as if they had expired. */
  expireAccessTokens(): void
}

export interface RelayInit {
  readonly given: GivenGoogle
  /** Stands for the primary calendar, and for the account. */
  readonly calendarId: string
  /** What the ids of this case begin with at Google, where each works once. */
  readonly prefix: string
}

/**
 * Stands between a suite and a real account: the primary calendar of the suite is one that the tests made, its ids are
 * new for each case, and a consent is that of the account. All else is Google's.
 */
export async function startGoogleRelay(init: RelayInit): Promise<GoogleRelay> {
  const { given, calendarId, prefix } = init
  const seen: string[] = []
  /** By the token that the suite was given; Google's own never comes so far. */
  const tokens = new Map<string, string>()

  const answer = async (request: IncomingMessage): Promise<Response> => {
    const { method = 'GET', headers, url = '/' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { pathname } = new URL(url, 'http://relay')
    seen.push(`${method} ${pathname}`)
    if (pathname === '/token') return await tokenFor(text)
    const authorization = tokens.get(headers.authorization ?? '')
    if (authorization === undefined) {
      const error = { code: 401, message: 'Invalid Credentials', errors: [{ reason: 'authError' }] }
      return Response.json({ error }, { status: 401 })
    }
    const kept = ['content-type', 'if-match', 'if-none-match']
    const sent = kept.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value] as const] : []
    })
    const body = text === '' ? {} : { body: outward(method, pathname, text) }
    const to = new URL(url.replace(/^\//, ''), given.apiRoot)
    to.pathname = pathname
      .replace('/calendars/primary/', `/calendars/${encodeURIComponent(calendarId)}/`)
      .replace(/\/events\/(?!watch)([^/]+)/, (_, id: string) => `/events/${prefix}${id}`)
    return await fetch(to, {
      method,
      headers: { ...Object.fromEntries(sent), authorization },
      ...body,
    })
  }

  /** A code stands for the consent of the account. */
  const tokenFor = async (text: string): Promise<Response> => {
    const form = new URLSearchParams(text)
    const isConsent = form.get('grant_type') === 'authorization_code'
    if (isConsent) {
      form.set('grant_type', 'refresh_token')
      for (const name of ['code', 'code_verifier', 'redirect_uri']) form.delete(name)
    }
    form.set('refresh_token', given.refreshToken)
    const response = await fetch(given.tokenUrl, { method: 'POST', body: form })
    const fields = (await response.json()) as { access_token?: string }
    if (!response.ok) return Response.json(fields, { status: response.status })
    const ours = `ya29.${randomBytes(24).toString('base64url')}`
    tokens.set(`Bearer ${ours}`, `Bearer ${fields.access_token}`)
    const refresh = isConsent ? { refresh_token: given.refreshToken } : {}
    const whole = { ...fields, ...refresh, access_token: ours }
    return Response.json(whole, { status: response.status })
  }

  const outward = (method: string, path: string, text: string): string => {
    const named = text
      .replaceAll(EMAIL, calendarId)
      .replaceAll(EMAIL.toUpperCase(), calendarId.toUpperCase())
    if (method !== 'POST' || !path.endsWith('/events')) return named
    const event = JSON.parse(named) as { id?: string }
    return JSON.stringify({
      ...event,
      ...(event.id === undefined ? {} : { id: prefix + event.id }),
    })
  }

  const server = createServer((request, response) => {
    void answer(request).then(async (given) => {
      const inward = (await given.text())
        .replaceAll(prefix, '')
        .replaceAll(calendarId, EMAIL)
        .replaceAll(calendarId.toUpperCase(), EMAIL.toUpperCase())
      const type = given.headers.get('content-type')
      response.writeHead(given.status, type === null ? {} : { 'content-type': type }).end(inward)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}/`,
    requestCount: (method, path) => seen.filter((each) => each === `${method} ${path}`).length,
    expireAccessTokens: () => tokens.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
