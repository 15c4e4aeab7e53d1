import type { Effect } from '@yuzuru/concurrency'
import { BillingError } from '../billing-error.ts'

/**
 * Throws unless what Stripe answered is the object that was asked for. A 200 that is something else (of a
 * proxy, say) tells nothing about what was done, and no step may go on from an id that is not there.
 *
 * @throws {BillingError} `'unexpected'`, with the outcome `unknown` unless nothing was to be changed
 */
export function expectAnswer(
  operation: string,
  effect: Effect,
  kind: string,
  answer: unknown,
): void {
  if (typeof answer === 'object' && answer !== null && isKind(kind, answer)) return
  throw new BillingError(`${operation} was answered 200 with something else than a ${kind}`, {
    operation,
    code: 'unexpected',
    retryable: false,
    outcome: effect === 'read' ? 'none' : 'unknown',
    status: 200,
  })
}

function isKind(kind: string, answer: object): boolean {
  const { id, identifier, object, data } = answer as Readonly<Record<string, unknown>>
  if (kind === 'list') return object === kind && Array.isArray(data)
  // The one object without an id has the name that it was given.
  const name = kind === 'billing.meter_event' ? identifier : id
  return object === kind && typeof name === 'string' && name !== ''
}
