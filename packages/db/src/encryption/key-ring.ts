import { expected, expectObject, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { hkdfSync } from 'node:crypto'

/** The keys of {@link encryption}. */
export interface EncryptionOptions {
  /**
   * Keys by id, each 32 bytes, as bytes or base64. An id is 1 to 32 letters, digits, `_` and `-`; it
   * stands in what is sealed. Keep old keys until {@link rotate} is through.
   */
  readonly keys: Readonly<Record<string, string | Uint8Array>>
  /** The id of the key that seals. */
  readonly current: string
}

const KEY_BYTES = 32

/** Keys by id. They are no property: nothing that prints the object prints them. */
export class KeyRing {
  readonly current: string
  readonly #keys = new Map<string, Uint8Array>()

  /** @throws {TypeError} on a wrong key, id, or `current` */
  constructor(options: EncryptionOptions) {
    expectRequiredOptions(options, ['keys', 'current'], 'encryption')
    expectObject('keys', options.keys)
    for (const [id, key] of Object.entries(options.keys)) {
      if (!/^[\w-]{1,32}$/.test(id)) {
        throw new TypeError('Expected key ids of 1 to 32 letters, digits, _ and -')
      }
      if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
        throw expected(`key "${id}" to be 32 bytes, or base64 of them`, key)
      }
      const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Uint8Array.from(key)
      if (bytes.length !== KEY_BYTES) {
        throw new TypeError(`Expected key "${id}" to have 32 bytes, got ${bytes.length}`)
      }
      this.#keys.set(id, bytes)
    }
    if (!this.#keys.has(options.current)) {
      const ids = this.ids.map((id) => `"${id}"`).join(', ') || 'none'
      throw new TypeError(`Expected current to be the id of one of the keys, which are ${ids}`)
    }
    this.current = options.current
  }

  get ids(): readonly string[] {
    return [...this.#keys.keys()]
  }

  /**
   * A key for one purpose (HKDF, RFC 5869): a column's own, so that what is known of one says nothing
   * of another, and the 2^32 messages that random nonces allow (NIST SP 800-38D, 8.3) count for each.
   */
  derive(id: string, purpose: readonly string[]): Uint8Array | undefined {
    const key = this.#keys.get(id)
    if (key === undefined) return undefined
    return new Uint8Array(hkdfSync('sha256', key, '', JSON.stringify(purpose), KEY_BYTES))
  }
}
