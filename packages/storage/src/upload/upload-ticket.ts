import { createHmac, timingSafeEqual } from 'node:crypto'
import { expected } from '@yuzuru/concurrency/boundary'
import type { ChecksumAlgorithm } from '../store/checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { StorageContext } from '../store/storage-context.ts'
import type { StorageError } from '../store/storage-error.ts'

/** An upload that a later call ends, perhaps in another process. */
export interface UploadTicket {
  /**
   * `'resume'`: `upload` goes on with it; `'parts'`, `'whole'`: a browser sends parts, or everything in one
   * request.
   */
  readonly kind: 'resume' | 'parts' | 'whole'
  readonly bucket: string
  readonly key: string
  /** The store's id of a multipart upload; otherwise a name of our own that is stored with the object. */
  readonly uploadId: string
  /** The length of the body, in bytes; `undefined` if it was not known. */
  readonly bytes: number | undefined
  readonly partBytes: number
  readonly algorithm: ChecksumAlgorithm
  readonly ifNoneMatch?: '*'
  /** For `'whole'`: the headers of its one request. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Seals tickets, as they leave this process and may come back from anybody. */
export interface TicketSeal {
  seal(ticket: UploadTicket): string
  /** @throws {StorageError} `'invalid_token'` */
  open(token: string): UploadTicket
}

/** The longest token: far more than a key of 1,024 bytes, the longest upload id and all headers need. */
const MAX_TOKEN_CHARS = 32_768

/**
 * The seal of a storage, with its `tokenSecret` or its secret access key.
 *
 * @throws {TypeError} when there are only credentials that expire, as no later call could open the seal
 */
export async function ticketSeal(
  context: StorageContext,
  subject: ObjectCall,
): Promise<TicketSeal> {
  const { backend } = context
  const secret = context.tokenSecret ?? (await lastingSecret(context))
  const key = createHmac('sha256', secret).update('yuzuru-storage-upload').digest()
  const signed = (text: string): string =>
    `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
  return {
    seal(ticket) {
      return signed(Buffer.from(JSON.stringify(ticket)).toString('base64url'))
    },
    open(token) {
      const [text = ''] = token.slice(0, MAX_TOKEN_CHARS).split('.')
      // Compared as texts, as several texts decode to the same bytes.
      const given = Buffer.from(token)
      const expected = Buffer.from(signed(text))
      if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) {
        throw invalidToken(subject, 'the token was not made by this storage, or was altered')
      }
      const ticket = JSON.parse(Buffer.from(text, 'base64url').toString()) as UploadTicket
      if (ticket.bucket === backend.bucket) return ticket
      throw invalidToken(subject, `the token is for the bucket ${JSON.stringify(ticket.bucket)}`)
    },
  }
}

export function invalidToken(subject: ObjectCall, detail: string): StorageError {
  const advice = 'pass the token of this very upload, or begin anew'
  return failure(subject, 'invalid_token', { outcome: 'none', detail: `${detail}; ${advice}` })
}

export function expectToken(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '') return
  throw expected(`${name} to be the token of an upload`, value)
}

async function lastingSecret({ backend }: StorageContext): Promise<string> {
  const { secretAccessKey, sessionToken } = (await backend.presigner()).credentials
  if (sessionToken === undefined) return secretAccessKey
  throw new TypeError(
    'Expected createStorage with "tokenSecret": tokens can\'t be signed with credentials that end',
  )
}
