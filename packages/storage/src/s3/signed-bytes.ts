import crypto from 'node:crypto'
import type { HttpInit, HttpResponse } from '@yuzuru/http'
import { parseContentRange } from '../store/content-range.ts'
import { getFields, type ObjectBytes, writtenOf } from './object-bytes.ts'
import type { GetInit, Incoming, PartInit, PutInit, Written } from '../store/object-backend.ts'
import { attributeFields, conditionFields, digestFields, infoOf } from './s3-fields.ts'
import { fieldsOf, headersOf } from './s3-headers.ts'
import { expectNoError, refusalOf } from './s3-refusal.ts'
import { UnreadableAnswer } from './shown-answer.ts'
import type { OwnParts, S3Sender } from './s3-sender.ts'
import { queryOf, signRequest } from './sign-request.ts'
import { confirmedEtag } from '../store/unconfirmed.ts'
import { escapeKey } from './uri-escape.ts'

/** The payload hash for a body that TLS protects and that has a checksum. */
const UNSIGNED = 'UNSIGNED-PAYLOAD'

interface Request {
  readonly method: 'GET' | 'PUT'
  readonly key: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly payload: PartInit | PutInit | undefined
  /**
   * Whether the request is conditional: a retry could find the object of its own first attempt and take it
   * for another's.
   */
  readonly conditional: boolean
}

/**
 * Transfers the bytes of objects with requests of our own. The SDK's processing of a request costs more
 * than the signature, and its streams cost more than the bytes in them.
 */
export class SignedBytes implements ObjectBytes {
  readonly #bucket: string
  readonly #sender: S3Sender
  readonly #own: OwnParts

  constructor(bucket: string, sender: S3Sender, own: OwnParts) {
    this.#bucket = bucket
    this.#sender = sender
    this.#own = own
  }

  async put(key: string, init: PutInit, signal: AbortSignal): Promise<Written> {
    const conditions = conditionFields(init)
    const fields = { ...attributeFields(init), ...conditions, ...digestFields(init.digest) }
    const conditional = Object.keys(conditions).length > 0
    const request = { method: 'PUT', key, query: {}, payload: init, conditional } as const
    const response = await this.#send({ ...request, headers: headersOf(fields) }, signal)
    await expectNoError(response)
    return writtenOf(fieldsOf(response.headers.toJSON()))
  }

  async putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string> {
    const query = { partNumber: String(init.number), uploadId: init.uploadId }
    const headers = headersOf(digestFields(init.digest))
    const request = { method: 'PUT', key, query, headers, payload: init } as const
    const response = await this.#send({ ...request, conditional: false }, signal)
    await expectNoError(response)
    return confirmedEtag(response.headers.get('etag') ?? undefined)
  }

  async get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming | undefined> {
    const headers = { ...headersOf(getFields(init)), 'x-amz-checksum-mode': 'ENABLED' }
    const request = { method: 'GET', key, query: {}, headers, payload: undefined } as const
    const response = await this.#send({ ...request, conditional: false }, signal)
    const said = response.headers.toJSON()
    const whole = response.status === 200
    const part = whole ? undefined : parseContentRange(said['content-range'])
    if (!whole && part === undefined) {
      response[Symbol.dispose]()
      throw new UnreadableAnswer()
    }
    const length = said['content-length']
    const total = part?.total ?? (length === undefined ? undefined : Number(length))
    if (total === undefined) {
      response[Symbol.dispose]()
      return undefined
    }
    return { info: infoOf(key, fieldsOf(said), total), range: part, body: response.body }
  }

  async #send(request: Request, signal: AbortSignal): Promise<HttpResponse> {
    return await this.#sender.tryAgain(() => this.#sendOnce(request, signal), signal)
  }

  async #sendOnce(request: Request, signal: AbortSignal): Promise<HttpResponse> {
    const { method, key, query, payload, conditional } = request
    const place = this.#sender.presignerNow ?? (await this.#sender.presigner(this.#bucket))
    signal.throwIfAborted()
    const { protocol, host, origin, pathname } = new URL(place.base)
    const path = `${pathname === '/' ? '' : pathname}/${escapeKey(key)}`
    const payloadHash = payload === undefined ? EMPTY : payloadHashOf(payload, protocol)
    const signing = { ...place, method, host, path, query, headers: request.headers, payloadHash }
    const search = queryOf(query)
    const init: HttpInit = {
      method,
      headers: signRequest(signing),
      signal,
      // Error answers are read below.
      acceptStatus: () => true,
      redirect: 'manual',
      ...(payload === undefined ? {} : { body: payload.body }),
      ...(conditional ? { retry: false } : {}),
    }
    const url = `${origin}${path}${search === '' ? '' : `?${search}`}`
    const { http } = this.#own
    const response = await (method === 'GET' ? http.stream(url, init) : http.request(url, init))
    if (response.status === 200 || response.status === 206) return response
    throw await refusalOf(response)
  }
}

/** The SHA-256 of an empty body. */
const EMPTY = crypto.hash('sha256', '')

/**
 * With TLS a body is protected on the way by TLS, and as far as the disk by its checksum, which is signed.
 * Without TLS the signature must cover the bytes themselves.
 */
function payloadHashOf({ body, digest, sha256 }: PartInit | PutInit, protocol: string): string {
  if (digest.algorithm === 'SHA256') return Buffer.from(digest.value, 'base64').toString('hex')
  if (protocol === 'https:') return UNSIGNED
  return sha256 ?? crypto.hash('sha256', body)
}
