import { timingSafeEqual } from 'node:crypto'
import { sha256Hex } from './canonical.ts'

/** Compares in time that does not depend on where the two differ. */
export function sameSignature(expected: string, given: string): boolean {
  const left = Buffer.from(sha256Hex(expected))
  return timingSafeEqual(left, Buffer.from(sha256Hex(given)))
}
