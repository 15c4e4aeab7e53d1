import type { IoOptions } from '@yuzuru/concurrency'
import { expectInteger, expectObject } from '@yuzuru/concurrency/boundary'
import type { ObjectBackend, PresignContext } from '../store/object-backend.ts'

/** The longest that a signature of version 4 may be valid: seven days. */
const MAX_EXPIRES_SECONDS = 604_800

export interface ExpiryOptions extends IoOptions {
  /** How long it can be used, in seconds: 1 to 604,800 (seven days). @default 3_600 */
  readonly expiresInSeconds?: number | undefined
}

/** Checks how long it is to be valid. */
export function expectExpiry(options: ExpiryOptions): number {
  expectObject('options', options)
  const { expiresInSeconds = 3_600 } = options
  expectInteger('expiresInSeconds', expiresInSeconds, 1, MAX_EXPIRES_SECONDS)
  return expiresInSeconds
}

/** The storages whose warning was given already. */
const warned = new WeakSet<ObjectBackend>()

/**
 * When a signature made now expires. If the credentials expire earlier, that is warned of once per storage
 * (`process.emitWarning`, code `YUZURU_STORAGE_URL_ENDS_EARLY`).
 */
export function expiryOf(
  { now, credentials }: PresignContext,
  expiresInSeconds: number,
  backend: ObjectBackend,
): Date {
  const asked = now + expiresInSeconds * 1_000
  const ends = credentials.expiration?.getTime() ?? Infinity
  if (ends < asked && !warned.has(backend)) {
    warned.add(backend)
    const code = 'YUZURU_STORAGE_URL_ENDS_EARLY'
    const detail = `A presigned URL was to hold for ${expiresInSeconds} s, but ends with the credentials in ${Math.floor((ends - now) / 1_000)} s; ask for less, or sign with credentials that last. This warning comes once per storage; "expiresAt" always has the time.`
    process.emitWarning(detail, { code })
  }
  return new Date(Math.min(asked, ends))
}
