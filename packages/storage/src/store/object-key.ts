import { expected } from '@yuzuru/concurrency/boundary'

/** The longest key, in bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects"). */
const MAX_KEY_BYTES = 1_024

/**
 * Throws unless `key` can be a key, and stays the same one when a proxy or browser normalises its path: not
 * empty, longer than 1,024 bytes, with NUL, lone surrogates, or `.` and `..` as a segment.
 */
export function expectKey(key: unknown, name = 'key'): asserts key is string {
  if (typeof key !== 'string') {
    throw expected(`${name} to be a string`, key)
  }
  if (key === '') throw new TypeError(`Expected ${name} not to be empty`)
  if (!key.isWellFormed()) {
    throw new TypeError(`Expected ${name} to be well-formed Unicode, got a lone surrogate in it`)
  }
  const bytes = Buffer.byteLength(key)
  if (bytes > MAX_KEY_BYTES) {
    throw new TypeError(
      `Expected ${name} to have at most ${MAX_KEY_BYTES} bytes in UTF-8, got ${bytes}`,
    )
  }
  if (key.includes('\0')) throw new TypeError(`Expected ${name} without NUL, got one with it`)
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new TypeError(`Expected ${name} without the segments "." and "..", got one with them`)
  }
}
