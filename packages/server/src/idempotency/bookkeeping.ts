import { io, shield } from '@yuzuru/concurrency'
import type { IdempotencyStore, KeyClaim, ReleaseTo } from './idempotency-store.ts'

/** How long an attempt that has failed may take to say so in the store. After that its lease ends it. */
const RELEASE_TIMEOUT_MS = 5_000

/**
 * A call of the store that is no effect of the request: what it writes is undone, or expires. So a request
 * that is cancelled before its handler has done anything still says `none`.
 */
export async function bookkeeping<T>(operation: string, fn: () => Promise<T>): Promise<T> {
  const call = { boundary: 'server', operation, effect: 'idempotent', counts: false } as const
  return await io({ ...call, translate: 'none' }, undefined, fn)
}

/** Ends a claim out of reach of the cancel that may have ended its attempt. */
export async function release(
  store: Pick<IdempotencyStore, 'release'>,
  claim: KeyClaim,
  to: ReleaseTo,
): Promise<'released' | 'answered' | 'lost' | 'left'> {
  try {
    return await shield(() => bookkeeping('release key', () => store.release(claim, to)), {
      name: 'release of an idempotency key',
      timeoutMs: RELEASE_TIMEOUT_MS,
    })
  } catch {
    // Its lease ends it. What is thrown is what the attempt has failed with.
    return 'left'
  }
}
