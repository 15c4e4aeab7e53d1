import type { Readable } from 'node:stream'
import type { BodyContent, Http, HttpInit, HttpResponse } from '@yuzuru/http'
import { noteEarlierEffectOf } from './earlier-effect.ts'
import { escapeUri } from './uri-escape.ts'

/**
 * The longest document that is read from the store, in bytes. The longest lists have 1,000 entries with
 * keys of 1,024 bytes, and escaping may triple these twice.
 */
const MAX_DOCUMENT_BYTES = 16 * 1_024 ** 2

/** A request of the AWS SDK (`HttpRequest` of its types). */
export interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  /** Encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** An answer as the AWS SDK takes it. */
export interface SdkResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Readable | Uint8Array
}

export interface SdkCallOptions {
  readonly abortSignal?: unknown
}

/**
 * The AWS SDK's transport over an {@link Http}: requests wait for one of its connections, obey the scope
 * around the call, are retried where that is safe, and say whether they may have had an effect.
 */
export class RequestHandler {
  readonly metadata: { readonly handlerProtocol: string } = { handlerProtocol: 'http/1.1' }
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  async handle(
    request: SdkRequest,
    options: SdkCallOptions = {},
  ): Promise<{ response: SdkResponse }> {
    const { method, headers } = request
    const { abortSignal } = options
    const init: HttpInit = {
      method,
      headers: headersToSend(headers),
      // The SDK reads the error answers.
      acceptStatus: () => true,
      redirect: 'manual',
      ...(request.body === undefined || method === 'HEAD' || method === 'GET'
        ? {}
        : { body: bodyOf(request.body) }),
      ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
      ...(isConditional(request) ? { retry: false } : {}),
    }
    const url = urlOf(request)
    if (isDownload(request)) {
      const response = await this.#http.stream(url, init)
      return { response: streamed(response) }
    }
    const response = await this.#http.request(url, { ...init, maxBytes: MAX_DOCUMENT_BYTES })
    const { status: statusCode } = response
    const body = await response.bytes()
    const answer: SdkResponse = { statusCode, headers: response.headers.toJSON(), body }
    noteEarlierEffectOf(response, answer)
    return { response: answer }
  }

  updateHttpClientConfig(): void {
    // Everything is set when the storage is made.
  }

  httpHandlerConfigs(): Record<string, never> {
    return {}
  }

  destroy(): void {
    // The storage closes the transport, as it can wait for what is under way.
  }
}

function streamed(response: HttpResponse): SdkResponse {
  const { status: statusCode, headers } = response
  return { statusCode, headers: headers.toJSON(), body: response.readable() }
}

/**
 * A conditional write is not retried here: if the first attempt did arrive, the retry would find its own
 * object and report a failed precondition. The sender of the write settles that.
 */
function isConditional({ method, headers }: SdkRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return Object.keys(headers).some((name) => /^if-(?:none-)?match$/i.test(name))
}

/** Only the bytes of an object are streamed. */
function isDownload({ method, query }: SdkRequest): boolean {
  return method === 'GET' && query?.['x-id'] === 'GetObject'
}

function headersToSend(headers: Readonly<Record<string, string>>): Record<string, string> {
  const sent: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase()
    // The transport sets the host itself, and does not wait for "100 Continue".
    if (lower !== 'host' && lower !== 'expect') sent[lower] = headers[name] ?? ''
  }
  return sent
}

function bodyOf(body: unknown): BodyContent {
  if (ArrayBuffer.isView(body) && !(body instanceof Uint8Array)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  }
  return body as BodyContent
}

function urlOf(request: SdkRequest): string {
  const { protocol, hostname, port, path, query } = request
  const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
  const pairs: string[] = []
  for (const name of Object.keys(query ?? {}).sort()) {
    const given = query?.[name]
    for (const value of Array.isArray(given) ? (given as string[]) : [given as string | null]) {
      pairs.push(value ? `${escapeUri(name)}=${escapeUri(value)}` : escapeUri(name))
    }
  }
  return `${origin}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}
