import { randomFillSync } from 'node:crypto'

/** Random bytes in store: to ask the system for some takes longer than all else that an id needs. */
const store = Buffer.alloc(4_096)
let used = store.length

/** 32 hex digits: 128 random bits, as a trace id has them. */
export function randomId(): string {
  if (used === store.length) {
    randomFillSync(store)
    used = 0
  }
  const from = used
  used += 16
  return store.toString('hex', from, used)
}
