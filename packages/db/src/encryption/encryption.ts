import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { EncryptionError } from './encryption-error.ts'
import { type EncryptionOptions, KeyRing } from './key-ring.ts'

/** What names a row: its primary key. */
export type RowId = string | number | bigint

/** Seals and opens the values of one column. */
export interface EncryptedText {
  readonly table: string
  readonly column: string
  /** How every value begins that the current key sealed. */
  readonly prefix: string
  /**
   * Encrypts a value for this row. Each call gives another text.
   *
   * @param rowId must be known before the insert, such as a UUID that the program makes
   */
  seal(rowId: RowId, plaintext: string): string
  /** Decrypts a value of this row. @throws {EncryptionError} when it was not sealed for this row with one of the keys */
  open(rowId: RowId, sealed: string): string
  /** Whether it was sealed with another key than the current one. */
  isStale(sealed: string): boolean
  /**
   * The blind index of a value: equal for equal values, so that a second column of it can be looked up
   * and be unique. It shows a reader of the table which rows are equal, and nothing else.
   */
  blindIndex(plaintext: string): string
  /** The blind index under every key, the current one first: what to look for until a rotation is through. */
  blindIndexes(plaintext: string): readonly string[]
}

/** Makes the columns' seals. */
export interface Encryption {
  readonly encryptedText: (table: string, column: string) => EncryptedText
}

const VERSION = 'y1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts single columns with AES-256-GCM (NIST SP 800-38D). A sealed value is text,
 * `y1.<key id>.<base64url>`, bound to its table, column and row: moved elsewhere, it does not open.
 *
 * A sealed column cannot be searched or sorted by: look up equal values by a {@link EncryptedText.blindIndex}.
 * Not for passwords, which need a slow hash.
 *
 * @throws {TypeError} when a key is not 32 bytes, an id is malformed, or `current` names no key
 * @example
 * const { encryptedText } = encryption({ keys: { k1: process.env['KEY_1'] ?? '' }, current: 'k1' })
 * const phone = encryptedText('staff', 'phone')
 * await db.insertInto('staff').values({ id, phone: phone.seal(id, '03-0000-0000') }).execute()
 */
export function encryption(options: EncryptionOptions): Encryption {
  const ring = new KeyRing(options)
  return { encryptedText: (table, column) => encryptedText(ring, table, column) }
}

function encryptedText(ring: KeyRing, table: string, column: string): EncryptedText {
  const sealKey = (id: string): Uint8Array | undefined => ring.derive(id, ['seal', table, column])
  const bound = (keyId: string, rowId: RowId): Buffer =>
    Buffer.from(JSON.stringify([VERSION, keyId, table, column, String(rowId)]))
  const indexUnder = (id: string, plaintext: string): string =>
    createHmac('sha256', ring.derive(id, ['index', table, column]) ?? '')
      .update(plaintext)
      .digest('base64url')
  const where = `${table}.${column}`

  return {
    table,
    column,
    prefix: `${VERSION}.${ring.current}.`,
    seal(rowId, plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealKey(ring.current) ?? '', nonce)
      cipher.setAAD(bound(ring.current, rowId))
      const parts = [nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `${VERSION}.${ring.current}.${Buffer.concat(parts).toString('base64url')}`
    },
    open(rowId, sealed) {
      const { keyId, bytes } = parse(where, sealed)
      const key = sealKey(keyId)
      if (key === undefined) {
        throw new EncryptionError(
          `${where} was sealed with a key that was not given: ${keyId}`,
          'unknown_key',
        )
      }
      const options = { authTagLength: TAG_BYTES }
      const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), options)
      cipher.setAAD(bound(keyId, rowId))
      cipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const text = cipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
      try {
        return Buffer.concat([text, cipher.final()]).toString('utf8')
      } catch {
        throw new EncryptionError(
          `${where} does not open: it was changed, sealed with another key "${keyId}", or is of another row or column`,
          'not_authentic',
        )
      }
    },
    isStale: (sealed) => parse(where, sealed).keyId !== ring.current,
    blindIndex: (plaintext) => indexUnder(ring.current, plaintext),
    blindIndexes: (plaintext) => {
      const others = ring.ids.filter((id) => id !== ring.current)
      return [ring.current, ...others].map((id) => indexUnder(id, plaintext))
    },
  }
}

function parse(where: string, sealed: string): { keyId: string; bytes: Buffer } {
  const [, keyId, body] = /^y1\.([\w-]{1,32})\.([\w-]+)$/.exec(sealed) ?? []
  const bytes = Buffer.from(body ?? '', 'base64url')
  // Several texts decode to the same bytes (RFC 4648, 3.5): one of them was written here.
  const isOurs = bytes.toString('base64url') === body && bytes.length >= NONCE_BYTES + TAG_BYTES
  if (keyId === undefined || !isOurs) {
    throw new EncryptionError(`${where} holds no value that was sealed here`, 'malformed')
  }
  return { keyId, bytes }
}
