const MIB = 1_024 ** 2

/** Amazon S3 user guide, "Amazon S3 multipart upload limits". */
export const MAX_PARTS = 10_000
export const MIN_PART_BYTES: number = 5 * MIB
export const MAX_PART_BYTES: number = 5 * 1_024 * MIB
export const MAX_OBJECT_BYTES: number = 5 * 1_024 ** 2 * MIB

/** How many parts have the size that was asked for when the length of the body is not known. */
const EVEN_PARTS = 1_000

/**
 * How large part `number` (from 1) is to be.
 *
 * With a known length all parts are equal. Without, the first thousand have the size that was asked
 * for, and each further one is larger by the same step, so that the largest object that S3 takes
 * (5 TiB) still fits into 10,000 parts while a small one costs no memory.
 */
export function partSize(
  number: number,
  baseBytes: number,
  totalBytes: number | undefined,
): number {
  if (totalBytes !== undefined) {
    return Math.max(baseBytes, roundUp(Math.ceil(totalBytes / MAX_PARTS), MIB))
  }
  if (number <= EVEN_PARTS) return baseBytes
  const growing = MAX_PARTS - EVEN_PARTS
  const missing = Math.max(0, MAX_OBJECT_BYTES - MAX_PARTS * baseBytes)
  const step = roundUp(Math.ceil((2 * missing) / growing ** 2), 1_024)
  return baseBytes + (number - EVEN_PARTS) * step
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
