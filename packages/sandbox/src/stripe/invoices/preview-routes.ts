import { invalid } from '../api/error.ts'
import { applyMetadata } from '../api/metadata.ts'
import { clearable, flag, hash, integer, oneOf, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { chosenDiscounts } from '../catalog/discounts.ts'
import { find } from '../core/service.ts'
import {
  anchorChange,
  billingMode,
  cancelAt,
  discountList,
  itemChanges,
  prorationBehavior,
  trialEnd,
} from '../subscriptions/parameters.ts'
import { previewChange, previewNew } from './preview.ts'

const details = hash({
  billing_cycle_anchor: anchorChange,
  billing_mode: billingMode,
  cancel_at: clearable(cancelAt),
  cancel_at_period_end: flag(),
  items: itemChanges,
  proration_behavior: prorationBehavior,
  proration_date: integer(),
  trial_end: trialEnd,
})

export const previewRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/invoices/create_preview',
    {
      customer: text(),
      discounts: discountList,
      preview_mode: oneOf('next'),
      subscription: text(),
      subscription_details: details,
    },
    (service, { parameters }) => {
      const { customer, subscription, subscription_details: change = {} } = parameters
      const { billing_cycle_anchor: anchor, billing_mode: mode, ...rest } = change
      if (subscription !== undefined) {
        const found = find(
          service.state.subscriptions,
          'subscription',
          subscription,
          'subscription',
        )
        const discounts =
          parameters.discounts && chosenDiscounts(service, parameters.discounts, found.customer)
        return previewChange(service, subscription, {
          ...rest,
          ...(anchor === undefined ? {} : { billing_cycle_anchor: anchor.type }),
          ...(discounts ? { discounts } : {}),
        })
      }
      if (customer === undefined || !rest.items) {
        throw invalid(
          'You must specify `subscription`, or `customer` and `subscription_details[items]`.',
          'subscription',
          'parameter_missing',
        )
      }
      find(service.state.customers, 'customer', customer, 'customer')
      return previewNew(service, {
        customer,
        items: rest.items.map((item, index) => {
          if (item.price === undefined) {
            throw invalid(`Missing required param: subscription_details[items][${index}][price].`)
          }
          return { price: item.price, quantity: item.quantity }
        }),
        metadata: applyMetadata({}, undefined),
        billingMode: mode?.type,
        discounts: chosenDiscounts(service, parameters.discounts ?? [], customer),
        trialEnd: rest.trial_end,
      })
    },
  ),
]
