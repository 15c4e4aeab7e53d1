import { invalid } from '../api/error.ts'
import { hash, oneOf, type Parameter } from '../api/parameters.ts'

/** What a session may change of its customer. */
export interface CustomerUpdate {
  readonly address?: 'auto' | 'never'
  readonly name?: 'auto' | 'never'
  readonly shipping?: 'auto' | 'never'
}

export const customerUpdate: Parameter<CustomerUpdate> = hash({
  address: oneOf('auto', 'never'),
  name: oneOf('auto', 'never'),
  shipping: oneOf('auto', 'never'),
})

/**
 * A tax id is that of a business, whose name becomes the customer's.
 * Source: https://docs.stripe.com/tax/checkout/tax-ids
 *
 * @throws StripeFailure 400 when a customer that there is may not get the name
 */
export function checkTaxId({
  customer,
  customer_update: update,
  tax_id_collection: tax,
}: {
  readonly customer?: string
  readonly customer_update?: CustomerUpdate
  readonly tax_id_collection?: { readonly enabled: boolean }
}): void {
  if (!tax?.enabled || customer === undefined || update?.name === 'auto') return
  throw invalid(
    'Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.',
  )
}
