import type { Stripe } from 'stripe'
import { BillingError, type BillingErrorCode } from '../billing-error.ts'
import type { ReceivedEvent, ThinEvent } from '../status/notice.ts'
import { signatureFault } from './webhook-signature.ts'

/** How deliveries are checked. */
export interface DeliveryInit {
  /** `whsec_…`; one that fits is enough. */
  readonly secrets: readonly string[]
  /** How far its time may be from now, in milliseconds. */
  readonly toleranceMs: number
  /** In milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Checks that a delivery is signed by Stripe, and reads its event: one of the v1 API, with an object as it was, or a
 * thin one of v2, which only names it.
 *
 * @param body the request's body byte for byte
 * @param signature the header `Stripe-Signature`
 * @throws {BillingError} `'invalid_signature'`, `'invalid_payload'`
 * @throws {TypeError} when there is no secret
 * @see https://docs.stripe.com/webhooks#verify-official-libraries
 */
export function readDelivery(
  { secrets, toleranceMs, now }: DeliveryInit,
  body: Uint8Array,
  signature: string | null,
): ReceivedEvent {
  if (secrets.length === 0) {
    throw new TypeError('Expected createBilling to have been given a webhookSecret, got none')
  }
  const fault = signatureFault(body, signature, secrets, { now: now(), toleranceMs })
  if (fault !== undefined) throw refused('invalid_signature', `its signature is ${fault}`)
  return parseEvent(body)
}

function parseEvent(bytes: Uint8Array): ReceivedEvent {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refused('invalid_payload', 'its body is not JSON')
  }
  if (isSnapshot(value)) {
    return { id: value.id, type: value.type, createdAt: value.created * 1_000, native: value }
  }
  if (isThin(value)) {
    return { id: value.id, type: value.type, createdAt: Date.parse(value.created), native: value }
  }
  throw refused('invalid_payload', 'its body is not an event')
}

type Fields = Partial<Record<string, unknown>>

function isSnapshot(value: unknown): value is Stripe.Event {
  if (!isNamed(value) || value['object'] !== 'event') return false
  const { created, data } = value
  return (
    Number.isSafeInteger(created) && typeof data === 'object' && data !== null && 'object' in data
  )
}

/** Source: https://docs.stripe.com/api/v2/core/events */
function isThin(value: unknown): value is ThinEvent {
  if (!isNamed(value) || value['object'] !== 'v2.core.event') return false
  const { created, related_object: related = null } = value
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created))) return false
  if (related === null) return true
  const { id, type } = related as Fields
  return typeof id === 'string' && typeof type === 'string'
}

function isNamed(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false
  const { id, type } = value as Fields
  return typeof id === 'string' && /^evt_\w{1,250}$/.test(id) && typeof type === 'string'
}

function refused(code: BillingErrorCode, reason: string): BillingError {
  return new BillingError(`The webhook was refused: ${reason}`, {
    operation: 'webhook',
    code,
    retryable: false,
    outcome: 'none',
  })
}
