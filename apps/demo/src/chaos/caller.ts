import { createHttp, type Http, HttpError, type HttpInit } from '@yuzuru/http'

/**
 * What a caller learns of a request:
 * - `ok`: it was done
 * - `refused`: an answer says that it was not, or may not have been
 * - `cut`: the connection ended or was never there, which the caller sees at once
 * - `silent`: nothing came for {@link PATIENCE_MS}
 */
export type Heard = 'ok' | 'refused' | 'cut' | 'silent'

/** One request, and what its caller learned of it. */
export interface Call {
  readonly name: string
  /** When it was sent, in milliseconds since the load began. */
  readonly at: number
  readonly ms: number
  readonly heard: Heard
  /** The status, or the error's code. */
  readonly code: string
  /** `none` if the answer promises that nothing has changed. */
  readonly outcome: 'none' | 'unknown'
  /** Where it was redirected to. */
  readonly location: string | undefined
}

/** How long a caller waits for any answer, in milliseconds. */
const PATIENCE_MS = 180_000

/** Sends requests as browsers do, and keeps what became of each. */
export class Caller implements AsyncDisposable {
  readonly calls: Call[] = []
  readonly #http: Http
  readonly #origin: string
  readonly #now: () => number

  constructor(origin: string, now: () => number) {
    this.#origin = origin
    this.#now = now
    const timeouts = { totalMs: PATIENCE_MS, headersMs: PATIENCE_MS, stallMs: PATIENCE_MS }
    this.#http = createHttp({ origin, connections: 256, queue: 10_000, retry: false, timeouts })
  }

  /** Does not throw for a failed request, but returns what became of it. */
  async call(name: string, cookie: string, path: string, init: HttpInit): Promise<Call> {
    const at = this.#now()
    const heard = await this.#send(cookie, path, init)
    const call = { name, at, ms: this.#now() - at, ...heard }
    this.calls.push(call)
    return call
  }

  /** Sends a form. */
  async submit(
    name: string,
    cookie: string,
    path: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<Call> {
    return await this.call(name, cookie, path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.close()
  }

  async #send(
    cookie: string,
    path: string,
    init: HttpInit,
  ): Promise<Pick<Call, 'heard' | 'code' | 'outcome' | 'location'>> {
    try {
      const response = await this.#http.request(path, {
        ...init,
        headers: { ...init.headers, cookie: `session=${cookie}`, origin: this.#origin },
        redirect: 'manual',
        acceptStatus: () => true,
      })
      const { status, headers } = response
      const text = await response.text()
      const location = headers.get('location') ?? undefined
      if (status < 400) return { heard: 'ok', code: `${status}`, outcome: 'unknown', location }
      const { code, outcome } = failureIn(text)
      return { heard: 'refused', code: `${status} ${code}`, outcome, location }
    } catch (error) {
      if (!HttpError.isInstance(error)) throw error
      const isSilent = ['timeout', 'headers_timeout', 'stalled'].includes(error.code)
      const { code, outcome } = error
      return { heard: isSilent ? 'silent' : 'cut', code, outcome, location: undefined }
    }
  }
}

interface Failure {
  readonly code?: string
  readonly outcome?: 'none' | 'unknown'
}

/** Reads the code and the outcome of a failure. An answer that states no outcome may have had its effect. */
function failureIn(text: string): { readonly code: string; readonly outcome: 'none' | 'unknown' } {
  let said: Failure = {}
  try {
    const body = JSON.parse(text) as Failure & { readonly error?: Failure }
    said = body.error ?? body
  } catch {
    // A page or an empty body.
  }
  return { code: said.code ?? '-', outcome: said.outcome === 'none' ? 'none' : 'unknown' }
}
