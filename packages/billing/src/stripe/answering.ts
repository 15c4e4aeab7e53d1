import { AsyncLocalStorage } from 'node:async_hooks'
import type { IoProgress } from '@yuzuru/concurrency'
import { BillingError } from '../billing-error.ts'
import { errorWith } from './error-with.ts'

/** A verb that is under way. */
interface Verb {
  /** Whether Stripe has made a change for it, or may have. */
  changed: boolean
}

const verbs = new AsyncLocalStorage<Verb>()

/** Stripe has made a change, or may have, that a repeat of the verb does not find as if it had not been made. */
export function noteChange(): void {
  const verb = verbs.getStore()
  if (verb !== undefined) verb.changed = true
}

/**
 * A verb that is made of several calls answers for all of them. Once Stripe has made a change, no later failure
 * says that nothing has happened, whatever it says of itself. What the store notes is no change, and neither is the
 * customer of a checkout: both are found again when the verb is repeated.
 */
export async function answering<T>(progress: IoProgress, fn: () => Promise<T>): Promise<T> {
  const verb: Verb = { changed: false }
  progress.sent = false
  try {
    return await verbs.run(verb, fn)
  } catch (error) {
    if (!BillingError.isInstance(error)) throw error
    const isHidden = verb.changed && error.outcome === 'none'
    const failure = isHidden ? errorWith(error, { outcome: 'unknown' }) : error
    progress.outcome = failure.outcome
    throw failure
  }
}
