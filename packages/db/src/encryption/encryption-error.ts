import { hasMark, mark } from '@yuzuru/concurrency'

/**
 * - `'unknown_key'`: sealed with a key that was not given.
 * - `'malformed'`: no envelope of ours, or one of a later version.
 * - `'not_authentic'`: changed, sealed with another key of the same id, or moved from another table,
 *   column or row.
 */
export type EncryptionErrorCode = 'unknown_key' | 'malformed' | 'not_authentic'

/** A value could not be opened. Holds neither the value nor a key. */
export class EncryptionError extends Error {
  readonly code: EncryptionErrorCode

  static {
    mark(this.prototype, 'EncryptionError')
  }

  constructor(message: string, code: EncryptionErrorCode) {
    super(message)
    this.code = code
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is EncryptionError {
    return hasMark(value, 'EncryptionError')
  }
}
