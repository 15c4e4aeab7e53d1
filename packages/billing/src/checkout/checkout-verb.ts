import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { expectReference } from '../customers/customer-input.ts'
import type { WhenShort } from '../status/plan-options.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { readSubscription } from '../subscriptions/billing-subscription.ts'
import type { SubscriptionVerbsInit } from '../subscriptions/subscription-verbs.ts'
import { type CheckoutInput, expectCheckout } from './checkout-input.ts'
import { type CheckoutChange, type CheckoutPage, Checkouts } from './checkouts.ts'
import { Sessions } from './sessions.ts'

export interface CheckoutVerbInit extends SubscriptionVerbsInit {
  readonly app: string | undefined
  readonly store: BillingStore
  readonly whenShort: WhenShort
}

/** The verb: a page, or what is done when there is a subscription already. */
export class CheckoutVerb {
  readonly #init: CheckoutVerbInit
  readonly #checkouts: Checkouts

  constructor(init: CheckoutVerbInit) {
    this.#init = init
    this.#checkouts = new Checkouts({ ...init, sessions: new Sessions(init.calls) })
  }

  async checkout(
    reference: string,
    input: CheckoutInput,
    options?: IoOptions,
  ): Promise<CheckoutPage | CheckoutChange> {
    expectOptions(options, IO_OPTIONS, 'billing.checkout')
    expectReference(reference)
    expectCheckout(input)
    return await this.#init.run('checkout', 'idempotent', options, async () => {
      const found = await this.#checkouts.open(reference, input)
      if ('kind' in found) return found
      if (input.whenSubscribed !== 'change') throw alreadySubscribed(found)
      const { price, quantity } = input
      const { changes } = this.#init
      const onPlan = await changes.changeOf('checkout', reference, found, { price, quantity })
      // Who subscribes wants it to go on (decision 238).
      const changed = await changes.goOn(reference, onPlan)
      return { kind: 'changed', subscription: readSubscription(changed) }
    })
  }
}

function alreadySubscribed({ status }: Stripe.Subscription): BillingError {
  return new BillingError(
    `checkout found a subscription that is ${status}: change, pay or cancel that one`,
    { operation: 'checkout', code: 'already_subscribed', retryable: false, outcome: 'none' },
  )
}
