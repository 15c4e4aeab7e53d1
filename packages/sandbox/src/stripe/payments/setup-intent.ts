import { newId } from '../core/id.ts'
import type { Metadata } from '../core/objects.ts'
import type { StripePaymentMethod, StripeSetupIntent } from '../core/payment-objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { authenticationFailed, setupNeedsPerson } from './attempt.ts'
import { attach } from './payment-method.ts'
import { paymentError } from './payment-intent.ts'

/** A new intent to save a card. */
export function createSetupIntent(
  service: StripeService,
  input: { customer: string | null; description?: string | undefined; metadata?: Metadata },
): StripeSetupIntent {
  const id = newId('seti')
  const intent: StripeSetupIntent = {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${newId('s', 25).slice(2)}`,
    created: nowOf(service, input.customer),
    customer: input.customer,
    customer_account: null,
    description: input.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: input.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
  }
  service.state.setupIntents[id] = intent
  service.emit('setup_intent.created', intent)
  return intent
}

/** Saves the card, unless its owner has to confirm it first. */
export function confirmSetup(
  service: StripeService,
  intent: StripeSetupIntent,
  method: StripePaymentMethod,
  isAuthenticated: boolean,
): void {
  intent.payment_method = method.id
  if (setupNeedsPerson(service, method) && !isAuthenticated) {
    intent.status = 'requires_action'
    intent['next_action'] = {
      type: 'use_stripe_sdk',
      use_stripe_sdk: {
        type: 'three_d_secure_redirect',
        stripe_js: `${service.url}/3ds/${intent.id}`,
      },
    }
    service.emit('setup_intent.requires_action', intent)
    return
  }
  if (intent.customer !== null) attach(service, method, intent.customer)
  const card = service.state.cards[method.id]
  if (card) card.isSetUp = true
  intent.status = 'succeeded'
  intent['next_action'] = null
  service.emit('setup_intent.succeeded', intent)
}

/** The owner did not confirm it. */
export function failSetup(
  service: StripeService,
  intent: StripeSetupIntent,
  method: StripePaymentMethod,
): void {
  intent.status = 'requires_payment_method'
  intent.payment_method = null
  intent['next_action'] = null
  intent['last_setup_error'] = {
    ...paymentError(authenticationFailed, method),
    code: 'setup_intent_authentication_failure',
  }
  service.emit('setup_intent.setup_failed', intent)
}
