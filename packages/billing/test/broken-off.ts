import { cancelScope } from '@yuzuru/concurrency'
import type { Billing } from '../src/billing.ts'
import type { ClientBillingOptions } from '../src/billing-options.ts'
import { createBilling } from '../src/create-billing.ts'
import type { Stage } from './stage.ts'
import { type Step, steppedStore, steppedStripe } from './stepped.ts'

/**
 * How a call breaks off once a step of it, a call of the store or of Stripe, has done its work:
 * - `'killed'`: nothing of the call runs any more, as after a SIGKILL.
 * - `'lost'`: the step's answer is lost.
 * - `'cancelled'`: the scope around the call is cancelled.
 */
export type BrokenOff = 'killed' | 'lost' | 'cancelled'

export const BROKEN_OFF: readonly BrokenOff[] = ['killed', 'lost', 'cancelled']

/**
 * Calls `act` again and again, each time for another reference, and breaks it off after its first, second,
 * third … step; until it comes to its end before that.
 *
 * @param rounds what is before, is broken off, and must be so after
 * @returns after how many steps it was broken off
 */
export async function breakOffEverywhere(
  stage: Stage<undefined>,
  how: BrokenOff,
  rounds: {
    readonly before?: (reference: string) => Promise<unknown>
    readonly act: (billing: Billing, reference: string) => Promise<unknown>
    readonly after: (reference: string) => Promise<void>
    readonly options?: Partial<ClientBillingOptions<undefined>>
  },
): Promise<number> {
  for (let at = 1; ; at += 1) {
    const reference = `office-${how}-${at}`
    await rounds.before?.(reference)
    const isBroken = await breakOff(
      stage,
      how,
      at,
      (billing) => rounds.act(billing, reference),
      rounds.options,
    )
    try {
      await rounds.after(reference)
    } catch (error) {
      throw new Error(`${how} after step ${at}: ${String(error)}`, { cause: error })
    }
    if (!isBroken) return at - 1
  }
}

/** @returns whether it was broken off before its end */
export async function breakOff(
  stage: Stage<undefined>,
  how: BrokenOff,
  at: number,
  act: (billing: Billing) => Promise<unknown>,
  options: Partial<ClientBillingOptions<undefined>> = {},
): Promise<boolean> {
  const broken = Promise.withResolvers<true>()
  let cancel = (): void => undefined
  let steps = 0
  const step = async (): Promise<void> => {
    steps += 1
    if (steps < at || (how !== 'killed' && steps > at)) return
    broken.resolve(true)
    if (how === 'lost') throw new Error('the answer was lost')
    cancel()
    if (how === 'killed') await new Promise<never>(() => undefined)
  }
  const around: Step = async (work) => {
    const value = await work()
    await step()
    return value
  }
  const client = steppedStripe(stage.server, around)
  const store = steppedStore(stage.store, around)
  const billing = createBilling({ ...options, client, store })
  const call = cancelScope(async (scope) => {
    cancel = how === 'cancelled' ? () => scope.cancel() : cancel
    await act(billing)
  })
  // What was lost or cancelled comes to its end before the next call; who was killed does not.
  const end = call.then(
    () => steps < at,
    () => false,
  )
  const isEnded =
    how === 'killed' ? await Promise.race([end, broken.promise.then(() => false)]) : await end
  return !isEnded
}
