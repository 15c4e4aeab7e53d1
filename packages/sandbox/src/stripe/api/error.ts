import type { JsonObject } from '../../json.ts'

type StripeErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'

export interface StripeErrorDetails {
  type?: StripeErrorType
  code?: string
  decline_code?: string
  param?: string
  /** The charge, and the intent as it is now, of a card that was declined. */
  charge?: string
  payment_intent?: JsonObject
  payment_method?: JsonObject
  setup_intent?: JsonObject
  /** True when the parameters were refused before anything ran: an idempotency key stays unused. */
  unstarted?: boolean
}

/** What a handler throws; it becomes Stripe's `{ error: { type, code, message, param } }`. */
export class StripeFailure extends Error {
  override readonly name = 'StripeFailure'
  readonly status: number
  readonly details: StripeErrorDetails

  constructor(status: number, message: string, details: StripeErrorDetails = {}) {
    super(message)
    this.status = status
    this.details = details
  }

  /** The body, in Stripe's shape. Source: https://docs.stripe.com/api/errors */
  toBody(requestId: string): JsonObject {
    const { type = 'invalid_request_error', unstarted: _unstarted, code, ...rest } = this.details
    return {
      error: {
        ...(code === undefined
          ? {}
          : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
        ...rest,
        message: this.message,
        request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
        type,
      },
    }
  }
}

/** 400 for a value that can't be accepted. */
export function invalid(message: string, param?: string, code?: string): StripeFailure {
  return new StripeFailure(400, message, {
    unstarted: true,
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  })
}

/** 400 for what the state of things does not allow. */
export function refused(message: string, code?: string, param?: string): StripeFailure {
  return new StripeFailure(400, message, {
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  })
}

/** 404 for an id in the path, 400 for an id given as a parameter, as Stripe answers. */
export function missing(kind: string, id: string, param = 'id'): StripeFailure {
  return new StripeFailure(param === 'id' ? 404 : 400, `No such ${kind}: '${id}'`, {
    code: 'resource_missing',
    param,
  })
}
