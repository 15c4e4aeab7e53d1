import { Stripe } from 'stripe'
import type { BillingStore } from '../src/stores/billing-store.ts'

/** Called around each call of the store and of Stripe: `call` is to be made once, and its value given back. */
export type Step = <T>(call: () => Promise<T>) => Promise<T>

/** A store whose calls are steps. */
export function steppedStore<Tx>(store: BillingStore<Tx>, step: Step): BillingStore<Tx> {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...args: unknown[]): Promise<unknown> =>
        step<unknown>(async () => await method.apply(target, args))
    },
  })
}

/** A client of stripe-node whose requests, with their answers, are steps. */
export function steppedStripe(
  { host, port, secretKey }: { host: string; port: number; secretKey: string },
  step: Step,
): Stripe {
  const httpClient = new SteppedClient(step)
  return new Stripe(secretKey, { host, port, protocol: 'http', httpClient, maxNetworkRetries: 0 })
}

const inner = Stripe.createNodeHttpClient()

class SteppedClient extends Stripe.HttpClient {
  readonly #step: Step

  constructor(step: Step) {
    super()
    this.#step = step
  }

  override getClientName(): string {
    return 'stepped'
  }

  override makeRequest(
    ...request: Parameters<typeof inner.makeRequest>
  ): ReturnType<typeof inner.makeRequest> {
    return this.#step(async () => {
      const response = await inner.makeRequest(...request)
      const body: unknown = await response.toJSON()
      return Object.assign(Object.create(response) as typeof response, { toJSON: async () => body })
    })
  }
}
