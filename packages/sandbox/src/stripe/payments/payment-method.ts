import { createHash } from 'node:crypto'
import { StripeFailure, invalid, missing, refused } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { Metadata } from '../core/objects.ts'
import type { StripePaymentMethod } from '../core/payment-objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { cardOf, type Decline, numberOfToken } from './test-cards.ts'

/** A new, unattached payment method of a test card. */
export function createPaymentMethod(
  service: StripeService,
  number: string,
  details: {
    metadata?: Metadata
    customer?: string
    email?: string | null
    name?: string | null
  } = {},
): StripePaymentMethod {
  const { brand, country, funding } = cardOf(number)
  const id = newId('pm')
  const method: StripePaymentMethod = {
    id,
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: {
      address: addressOf(),
      email: details.email ?? null,
      name: details.name ?? null,
      phone: null,
      tax_id: null,
    },
    card: {
      brand,
      checks: {
        address_line1_check: null,
        address_postal_code_check: null,
        cvc_check: 'pass',
      },
      country,
      display_brand: brand,
      exp_month: 12,
      exp_year: 2034,
      fingerprint: createHash('sha256').update(number).digest('base64url').slice(0, 16),
      funding,
      generated_from: null,
      last4: number.slice(-4),
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: nowOf(service, details.customer ?? null),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: details.metadata ?? {},
    type: 'card',
  }
  service.state.paymentMethods[id] = method
  service.state.cards[id] = { number, isSetUp: false }
  return method
}

function addressOf(): { [name: string]: null } {
  return { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }
}

/** The stored one, or a new one of a test token such as `pm_card_visa`. */
export function methodOf(service: StripeService, id: string, param?: string): StripePaymentMethod {
  const number = numberOfToken(id)
  if (number !== undefined) return createPaymentMethod(service, number)
  const method = Object.hasOwn(service.state.paymentMethods, id)
    ? service.state.paymentMethods[id]
    : undefined
  if (!method) throw missing('PaymentMethod', id, param)
  return method
}

/**
 * Saves a payment method for a customer.
 *
 * @throws StripeFailure 402 for a card that can't be attached, 400 for one that another customer has
 */
export function attach(
  service: StripeService,
  method: StripePaymentMethod,
  customer: string,
): StripePaymentMethod {
  if (method.customer === customer) return method
  if (method.customer !== null) {
    throw refused(
      'The payment method you provided has already been attached to a customer.',
      'payment_method_unexpected_state',
    )
  }
  const { onAttach } = cardOf(numberOf(service, method.id))
  if (onAttach) throw declined(onAttach)
  method.customer = customer
  service.emit('payment_method.attached', method)
  return method
}

export function numberOf(service: StripeService, method: string): string {
  return service.state.cards[method]?.number ?? '4242424242424242'
}

/** 402 in the shape that a declined card has. */
export function declined(
  { code, declineCode, message }: Decline,
  more: Partial<StripeFailure['details']> = {},
): StripeFailure {
  return new StripeFailure(402, message, {
    type: 'card_error',
    code,
    ...(code === 'card_declined' ? { decline_code: declineCode } : {}),
    ...more,
  })
}

/** A method that belongs to the customer, or Stripe's refusal. */
export function ownMethod(
  service: StripeService,
  id: string,
  customer: string,
  param: string,
): StripePaymentMethod {
  const method = service.state.paymentMethods[id]
  if (method?.customer === customer) return method
  throw invalid(
    `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
    param,
    'resource_missing',
  )
}
