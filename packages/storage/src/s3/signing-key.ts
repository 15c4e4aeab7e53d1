import crypto, { createHmac } from 'node:crypto'
import type { StorageCredentials } from '../store/credentials.ts'
import { escapeUri } from './uri-escape.ts'

/** The size of a block of SHA-256, in bytes (FIPS 180-4). */
const BLOCK = 64

/** The longest text that is signed: its last line is a hash, and the others are short. */
const TEXT_BYTES = 512

/**
 * The key that signs the requests of one day in one region (AWS Signature Version 4, "Create a signing
 * key"). It takes four HMACs, which are not repeated for each request.
 */
export class SigningKey {
  readonly day: string
  readonly region: string
  readonly secret: string
  /** `20260401/eu-west-1/s3/aws4_request` */
  readonly scope: string
  /** The access key and the scope, as a request states them. */
  readonly credential: string
  /** The same, escaped for a query string. */
  readonly escapedCredential: string
  // HMAC is two hashes over a padded key (RFC 2104). The paddings stay, and two of Node's one-shot
  // hashes take half the time of its HMAC object.
  readonly #inner: Buffer = Buffer.alloc(BLOCK + TEXT_BYTES)
  readonly #outer: Buffer = Buffer.alloc(BLOCK + 32)

  constructor({ accessKeyId, secretAccessKey }: StorageCredentials, day: string, region: string) {
    this.day = day
    this.region = region
    this.secret = secretAccessKey
    this.scope = `${day}/${region}/s3/aws4_request`
    this.credential = `${accessKeyId}/${this.scope}`
    this.escapedCredential = escapeUri(this.credential)
    const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      `AWS4${secretAccessKey}`,
    ) as Buffer
    for (let at = 0; at < BLOCK; at += 1) {
      const byte = key[at] ?? 0
      this.#inner[at] = byte ^ 0x36
      this.#outer[at] = byte ^ 0x5c
    }
  }

  /** The signature of a request in its canonical form, in hex. */
  signRequest(timestamp: string, canonical: string): string {
    return this.sign(
      `AWS4-HMAC-SHA256\n${timestamp}\n${this.scope}\n${crypto.hash('sha256', canonical)}`,
    )
  }

  /** The HMAC of a text, in hex. */
  sign(text: string): string {
    const inner = this.#innerOf(text)
    this.#outer.write(crypto.hash('sha256', inner, 'hex'), BLOCK, 'hex')
    return crypto.hash('sha256', this.#outer, 'hex')
  }

  #innerOf(text: string): Buffer {
    // No character takes more than three bytes of UTF-8.
    if (text.length * 3 > TEXT_BYTES) {
      return Buffer.concat([this.#inner.subarray(0, BLOCK), Buffer.from(text)])
    }
    return this.#inner.subarray(0, BLOCK + this.#inner.write(text, BLOCK))
  }
}

/** Weak, so that no secret outlives its users. */
const keys = new WeakMap<StorageCredentials, SigningKey>()

/**
 * The key of a day and region. It is made on first use, and again when the credentials, day or region
 * change.
 */
export function signingKey(
  credentials: StorageCredentials,
  day: string,
  region: string,
): SigningKey {
  const known = keys.get(credentials)
  if (known !== undefined && known.day === day && known.region === region) {
    if (known.secret === credentials.secretAccessKey) return known
  }
  const key = new SigningKey(credentials, day, region)
  keys.set(credentials, key)
  return key
}
