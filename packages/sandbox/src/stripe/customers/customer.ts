import { refused } from '../api/error.ts'
import { applyMetadata, type MetadataChange } from '../api/metadata.ts'
import { newId } from '../core/id.ts'
import type { StripeCustomer } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'
import type { JsonObject } from '../../json.ts'
import { attach, methodOf } from '../payments/payment-method.ts'

/** A test clock holds so many customers. Source: https://docs.stripe.com/billing/testing/test-clocks */
const mostOnOneClock = 3

export interface CustomerInput {
  readonly email?: string | null
  readonly invoice_settings?: JsonObject
  readonly metadata?: MetadataChange
  readonly name?: string | null
  readonly payment_method?: string
  readonly test_clock?: string
}

/** Stores a customer, with its first card when one is given. */
export function createCustomer(service: StripeService, input: CustomerInput): StripeCustomer {
  const {
    metadata,
    payment_method: method,
    test_clock: clock = null,
    invoice_settings,
    ...given
  } = input
  const { state } = service
  if (clock !== null) {
    find(state.clocks, 'test clock', clock, 'test_clock')
    const others = Object.values(state.customers).filter((other) => other.test_clock === clock)
    if (others.length >= mostOnOneClock) {
      throw refused(
        `You can only have a maximum of ${mostOnOneClock} customers per test clock.`,
        'test_clock_customer_limit',
        'test_clock',
      )
    }
  }
  const customer: StripeCustomer = {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: service.now(clock),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: newId('p', 8).slice(2).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: applyMetadata({}, metadata),
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: clock,
  }
  Object.assign(customer, given)
  state.customers[customer.id] = customer
  let attached: string | undefined
  try {
    if (method !== undefined) {
      attached = attach(service, methodOf(service, method, 'payment_method'), customer.id).id
    }
    setInvoiceSettings(service, customer, invoice_settings ?? {}, method, attached)
  } catch (error) {
    delete state.customers[customer.id]
    throw error
  }
  service.emit('customer.created', customer)
  return customer
}

/**
 * The default payment method has to be one of the customer's own. A token (`pm_card_visa`) that the same
 * request attaches stands for what it became.
 */
export function setInvoiceSettings(
  service: StripeService,
  customer: StripeCustomer,
  settings: JsonObject,
  token?: string,
  attached?: string,
): void {
  for (const [name, value] of Object.entries(settings)) {
    if (name === 'default_payment_method' && typeof value === 'string') {
      const id = value === token && attached !== undefined ? attached : value
      const method = service.state.paymentMethods[id]
      if (method?.customer !== customer.id) {
        throw refused(
          `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
          'resource_missing',
          'invoice_settings[default_payment_method]',
        )
      }
      customer.invoice_settings.default_payment_method = id
    } else customer.invoice_settings[name] = value
  }
}
