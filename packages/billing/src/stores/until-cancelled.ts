import { currentClock, throwIfCancelled, type Timer } from '@yuzuru/concurrency'
import { onCancel } from '@yuzuru/concurrency/boundary'
import type { BillingStore } from './billing-store.ts'

/**
 * How long a call of the store may take to end by itself after a cancel, in milliseconds. One on `@yuzuru/db` does:
 * its statement is cancelled in the database, and the error says whether it had its effect.
 */
const GRACE_MS = 25

const METHODS: readonly (keyof BillingStore)[] = Object.keys({
  findCustomer: true,
  findReference: true,
  beginCustomer: true,
  replaceIntent: true,
  settleCustomer: true,
  replaceCustomer: true,
  openAccount: true,
  findSubscription: true,
  drawFetch: true,
  writeFetch: true,
  chooseSubscription: true,
  listSubscriptions: true,
  listTrialsEnding: true,
  noticeTrial: true,
  pruneEvents: true,
  findCheckout: true,
  beginCheckout: true,
  settleCheckout: true,
  replaceCheckout: true,
} satisfies Record<keyof BillingStore, true>) as (keyof BillingStore)[]

/**
 * The store, whose calls are waited for no longer than the scope around them goes on: plain Kysely takes no signal,
 * and one statement that waits for a lock would hold up a cancel for as long. None begins after a cancel. A call that is given up goes on
 * by itself, and what it writes stands or not, as after a crash.
 */
export function untilCancelled<Tx>(store: BillingStore<Tx>): BillingStore<Tx> {
  // Looked up at each call: a test, or an app, may have put another method in its place.
  const entries = METHODS.map((name) => [
    name,
    async (...args: unknown[]) => {
      throwIfCancelled()
      const method = store[name] as (...args: unknown[]) => Promise<unknown>
      return await settled(method.apply(store, args))
    },
  ])
  return Object.fromEntries(entries) as BillingStore<Tx>
}

function settled<T>(call: T | PromiseLike<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: Timer | undefined
    const off = onCancel((reason) => {
      timer = currentClock().schedule(GRACE_MS, () => reject(reason))
    })
    const end = (): void => {
      off()
      timer?.cancel()
    }
    Promise.resolve(call).then(
      (value) => {
        end()
        resolve(value)
      },
      (error: unknown) => {
        end()
        reject(error)
      },
    )
  })
}
