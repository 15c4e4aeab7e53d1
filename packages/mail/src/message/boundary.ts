import { createHash } from 'node:crypto'
import type { EncodedBody } from './body-encoding.ts'

/** 128 bits of the content itself, which nobody can write into it. */
const BOUNDARY_DIGITS = 32

/**
 * What the boundaries of a message begin with: it follows from all that they separate, so that the same
 * message has the same ones, and a text that was written to hold them would have others. It is looked
 * for in the parts nevertheless.
 *
 * @param digest for tests
 */
export function boundaryFor(
  parts: readonly EncodedBody[],
  digest: (parts: readonly EncodedBody[], count: number) => string = sha256,
): string {
  // Neither quoted-printable nor base64 ever has "=_": the one writes "=3D_", the other has no "_".
  const searched = parts.filter(({ transferEncoding }) => transferEncoding.endsWith('bit'))
  for (let count = 0; ; count += 1) {
    const base = `=_${digest(parts, count).slice(0, BOUNDARY_DIGITS)}`
    if (!searched.some(({ bytes }) => bytes.includes(`--${base}`))) return base
  }
}

function sha256(parts: readonly EncodedBody[], count: number): string {
  const digest = createHash('sha256').update(String(count))
  for (const { bytes } of parts) digest.update(bytes)
  return digest.digest('hex')
}
