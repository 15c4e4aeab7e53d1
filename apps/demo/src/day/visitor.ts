import { createHttp, type Http, type HttpInit, type HttpResponse } from '@yuzuru/http'

/** A page or an answer, read to its end. */
export interface Visit {
  readonly status: number
  /** Where it ended after redirects within the app, or where it was sent outside of it. */
  readonly url: URL
  readonly headers: HttpResponse['headers']
  readonly bytes: Uint8Array
  readonly text: string
  readonly json: unknown
}

/** A person with a browser, as far as HTTP goes: keeps cookies and follows redirects within the app. */
export class Visitor implements AsyncDisposable {
  readonly #http: Http
  readonly #origin: string
  readonly #cookies: Map<string, string>

  /** @param cookies that the browser has of the app already */
  constructor(origin: string, cookies: Readonly<Record<string, string>> = {}) {
    this.#cookies = new Map(Object.entries(cookies))
    this.#origin = origin
    // A browser goes anywhere; the cookies are added below, for the app alone.
    const allowedOrigins = 'any'
    const limits = { connections: 128, queue: 10_000 }
    this.#http = createHttp({ origin, allowedOrigins, ...limits, retry: false })
  }

  async get(path: string | URL, init: HttpInit = {}): Promise<Visit> {
    return await this.#visit(path, { ...init, method: 'GET' })
  }

  /** Sends a form. */
  async submit(path: string | URL, fields: Readonly<Record<string, string>>): Promise<Visit> {
    return await this.#visit(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
      body: new URLSearchParams(fields).toString(),
    })
  }

  async send(path: string, init: HttpInit): Promise<Visit> {
    return await this.#visit(path, init)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.close()
  }

  async #visit(path: string | URL, init: HttpInit): Promise<Visit> {
    const url = new URL(path, this.#origin)
    const headers: Record<string, string | undefined> = { ...init.headers }
    if (url.origin === this.#origin) {
      headers['cookie'] = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join(
        '; ',
      )
      headers['origin'] = this.#origin
    }
    const response = await this.#http.request(url, {
      ...init,
      headers,
      redirect: 'manual',
      acceptStatus: () => true,
    })
    if (url.origin === this.#origin) this.#keepCookies(response)
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      const next = new URL(location, url)
      if (next.origin === this.#origin) return await this.get(next)
      return visitOf(response, next, new Uint8Array())
    }
    return visitOf(response, url, await response.bytes())
  }

  #keepCookies(response: HttpResponse): void {
    for (const cookie of response.headers.getAll('set-cookie')) {
      const [pair = ''] = cookie.split(';')
      const at = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
}

function visitOf({ status, headers }: HttpResponse, url: URL, bytes: Uint8Array): Visit {
  const type = headers.get('content-type') ?? ''
  const text = /^(?:text|application\/json)\b/.test(type) ? Buffer.from(bytes).toString('utf8') : ''
  const json: unknown = type.startsWith('application/json') ? JSON.parse(text) : undefined
  return { status, headers, url, bytes, text, json }
}
