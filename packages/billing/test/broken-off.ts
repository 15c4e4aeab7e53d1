import { cancelScope } from '@yuzuru/concurrency'
import { Stripe } from 'stripe'
import type { Billing } from '../src/billing.ts'
import type { ClientBillingOptions } from '../src/billing-options.ts'
import { createBilling } from '../src/create-billing.ts'
import type { BillingStore } from '../src/stores/billing-store.ts'
import type { Stage } from './stage.ts'

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
async function breakOff(
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
  const { host, port, secretKey } = stage.server
  const httpClient = new SteppedClient(step)
  const client = new Stripe(secretKey, {
    host,
    port,
    protocol: 'http',
    httpClient,
    maxNetworkRetries: 0,
  })
  const store = stepped(stage.store, step)
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

function stepped(
  store: BillingStore<undefined>,
  step: () => Promise<void>,
): BillingStore<undefined> {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]): Promise<unknown> => {
        const value: unknown = await method.apply(target, args)
        await step()
        return value
      }
    },
  })
}

const inner = Stripe.createNodeHttpClient()

class SteppedClient extends Stripe.HttpClient {
  readonly #step: () => Promise<void>

  constructor(step: () => Promise<void>) {
    super()
    this.#step = step
  }

  override getClientName(): string {
    return 'stepped'
  }

  override async makeRequest(
    ...request: Parameters<typeof inner.makeRequest>
  ): ReturnType<typeof inner.makeRequest> {
    const response = await inner.makeRequest(...request)
    const body: unknown = await response.toJSON()
    await this.#step()
    return Object.assign(Object.create(response) as typeof response, { toJSON: async () => body })
  }
}
