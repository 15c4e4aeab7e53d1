import { Cancelled, sleep, taskGroup } from '@yuzuru/concurrency'
import { bookkeeping } from './bookkeeping.ts'
import type { IdempotencyStore, KeyClaim } from './idempotency-store.ts'

/** A claim that is to stand for as long as something runs. */
export interface Renewed {
  readonly store: Pick<IdempotencyStore, 'renew'>
  readonly claim: KeyClaim
  readonly leaseMs: number
}

/**
 * Calls `fn` while the claim is renewed, three times in each lease.
 *
 * @param onLost called, once, when the claim no longer stands
 * @returns what `fn` returned
 * @throws what `fn` threw
 */
export async function whileRenewed<T>(
  renewed: Renewed,
  onLost: () => void,
  fn: () => Promise<T>,
): Promise<T> {
  // Kept apart: a group would put what `fn` throws into an AggregateError.
  let settled: PromiseSettledResult<T> | undefined
  await taskGroup(async (group) => {
    const renewal = group.spawn(() => renew(renewed, onLost), { name: 'renewal of the claim' })
    settled = (await Promise.allSettled([fn()]))[0]
    renewal.cancel()
  })
  if (settled?.status === 'fulfilled') return settled.value
  throw settled?.reason
}

async function renew({ store, claim, leaseMs }: Renewed, onLost: () => void): Promise<void> {
  for (let stands = true; stands;) {
    await sleep(leaseMs / 3)
    try {
      stands = await bookkeeping('renew key', () => store.renew(claim, leaseMs))
    } catch (error) {
      if (Cancelled.isInstance(error)) throw error
      // The next one may succeed; if none does, the lease ends and the answer is not stored.
    }
  }
  onLost()
}
