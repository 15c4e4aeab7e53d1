import {
  type FaultProxy,
  startFaultProxy,
  startStripe,
  type StripeOptions,
  type StripeServer,
} from '@yuzuru/sandbox'
import type { Billing } from '../src/billing.ts'
import type { OwnBillingOptions } from '../src/billing-options.ts'
import type { BillingStore } from '../src/stores/billing-store.ts'
import { createBilling } from '../src/create-billing.ts'
import { memoryBillingStore } from '../src/stores/memory-store.ts'

/** A Stripe on this machine, what can go wrong in front of it, and a billing that speaks to it. */
export interface Stage<Tx> extends AsyncDisposable {
  readonly server: StripeServer
  readonly proxy: FaultProxy
  readonly billing: Billing<Tx>
  readonly store: BillingStore<Tx>
  /** Another billing on the same Stripe and store: another process, say. */
  another(options?: Partial<OwnBillingOptions<Tx>>): Billing<Tx>
}

export interface StageOptions<Tx> extends Partial<OwnBillingOptions<Tx>> {
  /** What becomes of a renewal that is not paid. */
  readonly dunning?: StripeOptions['dunning']
}

export async function openStage(options?: StageOptions<undefined>): Promise<Stage<undefined>>
export async function openStage<Tx>(
  options: StageOptions<Tx> & { readonly store: BillingStore<Tx> },
): Promise<Stage<Tx>>
export async function openStage({ dunning, ...options }: StageOptions<unknown> = {}): Promise<
  Stage<unknown>
> {
  await using stack = new AsyncDisposableStack()
  const { now } = options
  const server = stack.use(await startStripe({ dunning, ...(now === undefined ? {} : { now }) }))
  const proxy = stack.use(await startFaultProxy({ target: server, protocol: 'http' }))
  const store = options.store ?? memoryBillingStore()
  const kept = stack.move()
  const another = (change: Partial<OwnBillingOptions<unknown>> = {}): Billing =>
    kept.use(
      createBilling({
        secretKey: server.secretKey,
        webhookSecret: server.webhookSecret,
        apiBase: proxy.url(server.url),
        baseDelayMs: 1,
        ...options,
        store,
        ...change,
      }),
    )
  const billing = another()
  return {
    server,
    proxy,
    billing,
    store,
    another,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
