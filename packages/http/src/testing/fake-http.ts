import { Buffer } from 'node:buffer'
import { type CloseOptions, expectOptions } from '@yuzuru/concurrency/boundary'
import { Dispatcher } from 'undici'
import { createHttp, type Http, type HttpStats } from '../http.ts'
import { HTTP_OPTIONS, type HttpOptions } from '../http-options.ts'
import type { HttpInit } from '../request/http-init.ts'
import type { HttpResponse } from '../response/http-response.ts'
import { requestUrl, type UrlRules } from '../request/request-url.ts'
import { contentOf, Script, type ScriptedAnswer, type ScriptedRequest } from './scripted-peer.ts'

/** A client that is all real but for the network, and the script of what it meets there. */
export interface FakeHttp extends AsyncDisposable {
  readonly http: Http
  readonly script: Script
}

/**
 * Makes a client whose requests are answered in memory: repeats, deadlines, limits and errors are
 * those of the real one. Names are not resolved and `allow` is not checked, as nothing is connected to.
 *
 * @example
 * await using fake = createFakeHttp({ origin: 'https://api.example.com' })
 * fake.script.reply({ json: { id: 1 } })
 */
export function createFakeHttp(options: Omit<HttpOptions, 'client' | 'allow'> = {}): FakeHttp {
  expectOptions(options, FAKE_OPTIONS, 'createFakeHttp')
  const script = new Script()
  const real = createHttp({ ...options, client: new ScriptedDispatcher(script) })
  const http = options.origin === undefined ? new Relative(real) : real
  return { http, script, [Symbol.asyncDispose]: () => http.close() }
}

const FAKE_OPTIONS = HTTP_OPTIONS.filter((name) => name !== 'client' && name !== 'allow')

/** A client without an `origin` whose paths are taken all the same: the script answers for any host. */
class Relative implements Http {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  async request(url: string | URL, init?: HttpInit): Promise<HttpResponse> {
    return await this.#http.request(placed(url), init)
  }

  async json<T = unknown>(url: string | URL, init?: HttpInit): Promise<T> {
    return await this.#http.json<T>(placed(url), init)
  }

  async stream(url: string | URL, init?: HttpInit): Promise<HttpResponse> {
    return await this.#http.stream(placed(url), init)
  }

  stats(): HttpStats {
    return this.#http.stats()
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#http.close(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const PLACE: UrlRules = { origin: new URL('http://fake.invalid'), allowedOrigins: undefined }

function placed(url: string | URL): string | URL {
  return url instanceof URL || URL.canParse(url) ? url : requestUrl(PLACE, url, undefined)
}

class ScriptedDispatcher extends Dispatcher {
  readonly #script: Script

  constructor(script: Script) {
    super()
    this.#script = script
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const connection = new FakeConnection(handler)
    connection.run(this.#script, options).catch((error: unknown) => connection.fail(error))
    return true
  }
}

/** One request and its answer, reported as a connection would. */
class FakeConnection implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #ended: PromiseWithResolvers<boolean> = Promise.withResolvers()
  #resumed: PromiseWithResolvers<void> | undefined = undefined
  aborted = false
  reason: Error | null = null

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  get paused(): boolean {
    return this.#resumed !== undefined
  }

  abort(reason: Error): void {
    this.reason = reason
    this.fail(reason)
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#resumed?.resolve()
    this.#resumed = undefined
  }

  fail(error: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.#ended.resolve(false)
    this.resume()
    this.#handler.onResponseError?.(this, error as Error)
  }

  async run(script: Script, options: Dispatcher.DispatchOptions): Promise<void> {
    this.#handler.onRequestStart?.(this, null)
    const request = requestOf(options, await this.#receive(options.body), this.#ended.promise)
    if (this.aborted) return
    this.#handler.onRequestSent?.()
    const reply = await script.take(request)
    if (reply === 'silence') return
    if (reply === 'reset') this.fail(coded('read ECONNRESET', 'ECONNRESET'))
    else if (reply === 'drop') this.fail(coded('other side closed', 'UND_ERR_SOCKET'))
    else await this.#answer(reply, options.method)
  }

  async #receive(body: unknown): Promise<Buffer> {
    if (body === null || body === undefined) return Buffer.alloc(0)
    if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body)
    const chunks: Buffer[] = []
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (this.aborted) break
      chunks.push(Buffer.from(chunk))
      this.#handler.onBodySent?.(Buffer.from(chunk))
    }
    return Buffer.concat(chunks)
  }

  async #answer(reply: ScriptedAnswer, method: string): Promise<void> {
    await reply.after
    if (this.aborted) return
    const { headers, body } = contentOf(reply)
    const { status = 200 } = reply
    this.#handler.onResponseStart?.(this, status, delimited(status, lowerCased(headers)))
    if (method !== 'HEAD') await this.#sendBody(typeof body === 'string' ? [body] : only(body))
    if (this.aborted) return
    this.#ended.resolve(true)
    this.#handler.onResponseEnd?.(this, {})
  }

  async #sendBody(
    body: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    try {
      for await (const chunk of body) {
        await this.#resumed?.promise
        if (this.aborted) return
        if (chunk.length > 0) this.#handler.onResponseData?.(this, Buffer.from(chunk))
      }
    } catch {
      this.fail(coded('read ECONNRESET', 'ECONNRESET'))
    }
  }
}

function only(
  body: Uint8Array | AsyncIterable<string | Uint8Array>,
): Iterable<Uint8Array> | AsyncIterable<string | Uint8Array> {
  return body instanceof Uint8Array ? [body] : body
}

function requestOf(
  options: Dispatcher.DispatchOptions,
  body: Buffer,
  ended: Promise<boolean>,
): ScriptedRequest {
  const { method, path } = options
  const headers = { ...(options.headers as Record<string, string>) }
  return { method, path, headers, body, ended }
}

function lowerCased(headers: Record<string, string | string[]>): Record<string, string | string[]> {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

/** As the scripted server does, and any server of Node: a body without a length goes out in chunks. */
function delimited(
  status: number,
  headers: Record<string, string | string[]>,
): Record<string, string | string[]> {
  if (status === 204 || status === 304 || headers['content-length'] !== undefined) return headers
  return { 'transfer-encoding': 'chunked', ...headers }
}

function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}
