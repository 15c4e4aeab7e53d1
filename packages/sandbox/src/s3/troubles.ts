import { expectOptions } from '@yuzuru/concurrency/boundary'

/** What this server is to pretend of itself. All of it is exact, and holds for requests that come later. */
export interface S3Troubles {
  /**
   * How far its clock is ahead of what it was (negative: behind). More than 15 minutes and signed
   * requests are answered with `RequestTimeTooSkewed`. @default 0
   */
  clockOffsetMs?: number | undefined
  /**
   * How many more bytes the disk takes. What would need more is answered with 507, as MinIO does
   * (`XMinioStorageFull`); reading and deleting go on. @default as many as there is room for
   */
  freeBytes?: number | undefined
  /**
   * The region where the buckets are, if not this server's: requests for them are answered with 301
   * and `PermanentRedirect`. (A signature for another region is refused by itself.) @default here
   */
  bucketRegion?: string | undefined
}

/** @throws {TypeError} on the first wrong value. */
export function checkTroubles(troubles: S3Troubles): void {
  expectOptions(troubles, ['clockOffsetMs', 'freeBytes', 'bucketRegion'], 's3.set')
  const { clockOffsetMs = 0, freeBytes = 0, bucketRegion } = troubles
  if (!Number.isFinite(clockOffsetMs)) {
    throw new TypeError(`Expected clockOffsetMs to be a number, got ${clockOffsetMs}`)
  }
  if (!(freeBytes >= 0)) {
    throw new TypeError(`Expected freeBytes to be a number from 0, got ${freeBytes}`)
  }
  if (bucketRegion !== undefined && (typeof bucketRegion !== 'string' || bucketRegion === '')) {
    throw new TypeError('Expected bucketRegion to be the name of a region')
  }
}
