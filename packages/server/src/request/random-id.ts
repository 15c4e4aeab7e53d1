import { randomFillSync } from 'node:crypto'

/** How many characters an id has: 128 random bits, as a trace id has them. */
const LENGTH = 32

/**
 * Random bytes in store. To ask the system for some takes longer than all else that an id needs, and for 64 KiB hardly
 * longer than for four.
 */
const bytes = Buffer.alloc(65_536)
let used = bytes.length

/**
 * A few ids in one text: to write one by one takes longer. No more than a few, as V8 keeps a text as long as a part
 * of it.
 */
const WRITTEN = 16
let text = ''
let at = 0

/** 32 hex digits. */
export function randomId(): string {
  if (at === text.length) write()
  const from = at
  at += LENGTH
  return text.slice(from, at)
}

function write(): void {
  if (used === bytes.length) {
    randomFillSync(bytes)
    used = 0
  }
  const from = used
  used += (WRITTEN * LENGTH) / 2
  text = bytes.toString('hex', from, used)
  at = 0
}
