const MIB = 1_024 ** 2

/** Amazon S3 user guide, "Amazon S3 multipart upload limits". */
export const MAX_PARTS = 10_000
export const MIN_PART_BYTES: number = 5 * MIB
export const MAX_PART_BYTES: number = 5 * 1_024 * MIB
export const MAX_OBJECT_BYTES: number = 5 * 1_024 ** 2 * MIB

/** How many parts have the requested size if the length of the body is not known. */
const EVEN_PARTS = 1_000

/**
 * The size of part `number` (from 1), in bytes.
 *
 * If the length is known, all parts are equal. If not, the first thousand have the requested size, and each
 * further part is larger by a fixed step, so that the largest object of S3 (5 TiB) still fits into 10,000
 * parts while a small one costs little memory.
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
