import { sleep } from '@yuzuru/concurrency'
import { backoff } from '@yuzuru/concurrency/boundary'
import { BillingError } from '../billing-error.ts'

const ATTEMPTS = 10

const delayMs = backoff({ baseDelayMs: 200, maxDelayMs: 2_000 })

/**
 * Calls `fn` again while Stripe says that another request with the same idempotency key is under way
 * (409 `idempotency_key_in_use`): soon its answer is stored and is what we get.
 */
export async function whileInUse<T>(fn: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fn()
    } catch (error) {
      const inUse = BillingError.isInstance(error) && error.code === 'conflict'
      if (!inUse || attempt === ATTEMPTS) throw error
      await sleep(delayMs(attempt))
    }
  }
}
