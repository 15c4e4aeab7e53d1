import { metadata, type MetadataChange } from '../api/metadata.ts'
import {
  clearable,
  flag,
  hash,
  integer,
  list,
  oneOf,
  opaque,
  type Parameter,
  required,
  text,
} from '../api/parameters.ts'
import type { Json } from '../../json.ts'
import type { DiscountInput } from '../catalog/discounts.ts'
import type { StripeSubscription } from '../core/objects.ts'
import type { CancelAt } from './cancel-at.ts'
import type { ItemRequest } from './change-items.ts'
import type { PaymentBehavior } from './create.ts'
import { trialSettingsOf } from './subscription.ts'
import type { ProrationBehavior } from './update.ts'

export const trialEnd: Parameter<number | 'now'> = {
  read: (value, name) => (value === 'now' ? 'now' : integer().read(value, name)),
}

export const cancelAt: Parameter<CancelAt> = {
  read(value, name) {
    if (value === 'min_period_end' || value === 'max_period_end') return value
    return integer().read(value, name)
  },
}

const trialHash = hash({
  end_behavior: required(
    hash({ missing_payment_method: required(oneOf('cancel', 'create_invoice', 'pause')) }),
  ),
})

export const trialSettings: Parameter<StripeSubscription['trial_settings']> = {
  read(value, name) {
    const { end_behavior: end } = trialHash.read(value, name)
    return trialSettingsOf(end.missing_payment_method)
  },
}

export const discountList: Parameter<DiscountInput[]> = list(
  hash({ coupon: text(), promotion_code: text() }),
)

export const billingMode: Parameter<{ readonly type: 'classic' | 'flexible' }> = hash({
  flexible: hash({ proration_discounts: oneOf('included') }),
  type: required(oneOf('classic', 'flexible')),
})

export const prorationBehavior: Parameter<ProrationBehavior> = oneOf(
  'always_invoice',
  'create_prorations',
  'none',
)

export const paymentBehavior: Parameter<PaymentBehavior> = oneOf(
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
)

interface Shared {
  readonly automatic_tax: Parameter<unknown>
  readonly cancel_at: Parameter<CancelAt | null>
  readonly cancel_at_period_end: Parameter<boolean>
  readonly collection_method: Parameter<StripeSubscription['collection_method']>
  readonly days_until_due: Parameter<number>
  readonly default_payment_method: Parameter<string | null>
  readonly description: Parameter<string | null>
  readonly discounts: Parameter<DiscountInput[]>
  readonly metadata: Parameter<MetadataChange>
  readonly off_session: Parameter<boolean>
  readonly payment_behavior: Parameter<PaymentBehavior>
  readonly payment_settings: Parameter<{ readonly [name: string]: Json }>
  readonly proration_behavior: Parameter<ProrationBehavior>
  readonly trial_end: Parameter<number | 'now'>
  readonly trial_settings: Parameter<StripeSubscription['trial_settings']>
}

/** What creating a subscription and changing one have in common. */
export const shared: Shared = {
  /** Taxes are not worked out here; only that they are off can be said. */
  automatic_tax: hash({ enabled: required(oneOf('false')) }),
  cancel_at: clearable(cancelAt),
  cancel_at_period_end: flag(),
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  days_until_due: integer(0),
  default_payment_method: clearable(text()),
  description: clearable(text(500)),
  discounts: discountList,
  metadata: metadata(),
  off_session: flag(),
  payment_behavior: paymentBehavior,
  payment_settings: hash({
    payment_method_options: opaque(),
    payment_method_types: list(text()),
    save_default_payment_method: oneOf('off', 'on_subscription'),
  }) as Parameter<{ readonly [name: string]: Json }>,
  proration_behavior: prorationBehavior,
  trial_end: trialEnd,
  trial_settings: trialSettings,
}

export const itemChanges: Parameter<ItemRequest[]> = list(
  hash({
    deleted: flag(),
    id: text(),
    metadata: metadata(),
    price: text(),
    quantity: integer(),
  }),
)

export const newItems: Parameter<
  { readonly metadata?: MetadataChange; readonly price: string; readonly quantity?: number }[]
> = list(hash({ metadata: metadata(), price: required(text()), quantity: integer() }))

/** What becomes of the anchor of a subscription that there is. */
export const anchorChange: Parameter<{ readonly type: 'now' | 'unchanged' }> = hash({
  type: required(oneOf('now', 'unchanged')),
})
