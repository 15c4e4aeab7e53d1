import { randomFillSync } from 'node:crypto'

const POOL = 256
const random = Buffer.alloc(16 * POOL)
let used = POOL

/**
 * A UUID of version 7 (RFC 9562, section 5.7): the milliseconds since 1970, then 74 random bits. Ids that are
 * made together lie together in an index, where random ones would touch a page each.
 */
export function newJobId(): string {
  if (used === POOL) {
    randomFillSync(random)
    used = 0
  }
  const start = used * 16
  used += 1
  random.writeUIntBE(Date.now(), start, 6)
  random[start + 6] = ((random[start + 6] as number) & 0x0f) | 0x70
  random[start + 8] = ((random[start + 8] as number) & 0x3f) | 0x80
  const hex = random.toString('hex', start, start + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
