import { createHmac } from 'node:crypto'
import { sha256Hex } from './canonical.ts'
import type { TemporaryKeys } from './temporary-credentials.ts'

/** The keys that this server knows, its region and its clock. */
export interface Keyring {
  /** Of the one key pair that never ends. */
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Those that end. */
  readonly temporary?: TemporaryKeys
  readonly region: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** `AKID/20260101/us-east-1/s3/aws4_request`, taken apart. */
export interface CredentialScope {
  readonly accessKeyId: string
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
}

/** `undefined` when the text is not a credential of five parts. */
export function parseCredential(text: string): CredentialScope | undefined {
  const parts = text.split('/')
  const [terminator, service, region, date] = parts.splice(-4).toReversed()
  if (parts.length === 0 || !terminator || !service || !region || !date) return undefined
  return { accessKeyId: parts.join('/'), date, region, service, terminator }
}

/** `20260101T000000Z` to milliseconds; `undefined` for anything else. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** The key that signs a day's requests of one region; it never leaves this process. */
export class SigningKey {
  readonly #key: Buffer
  readonly scope: string

  constructor(secretAccessKey: string, region: string, date: string) {
    this.scope = `${date}/${region}/s3/aws4_request`
    const day = hmac(`AWS4${secretAccessKey}`, date)
    this.#key = hmac(hmac(hmac(day, region), 's3'), 'aws4_request')
  }

  sign(text: string): string {
    return hmac(this.#key, text).toString('hex')
  }

  /** The text that a request's signature covers. */
  stringToSign(timestamp: string, canonicalRequest: string): string {
    // Latin-1 because that is how Node hands over the bytes of header values.
    const hash = sha256Hex(Buffer.from(canonicalRequest, 'latin1'))
    return `AWS4-HMAC-SHA256\n${timestamp}\n${this.scope}\n${hash}`
  }
}
