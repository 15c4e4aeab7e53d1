import { expected, expectLine, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { expectMetadata } from '../expect.ts'
import { namedReference } from './named-reference.ts'

/** The payer. */
export interface CustomerDetails {
  readonly email: string
  readonly name?: string | undefined
  /** Up to 48 keys of 40 characters with values of 500. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** For {@link Billing.ensureCustomer}. */
export interface CustomerInput extends CustomerDetails {
  /** The app's own id of the payer, an office's say: 1 to 200 characters. One customer for each. */
  readonly reference: string
}

/**
 * Throws unless `value` can be a reference. Stripe's `client_reference_id` takes 200 characters. Half of a surrogate
 * pair becomes U+FFFD on the way to PostgreSQL and to Stripe, where two references would be one.
 */
export function expectReference(value: unknown): void {
  expectLine('reference', value, 200)
  if (!value.isWellFormed()) throw expected('reference to be well-formed text', value)
}

const CUSTOMER = Object.keys({
  reference: true,
  email: true,
  name: true,
  metadata: true,
} satisfies Record<keyof CustomerInput, true>)

/** Throws unless it is a {@link CustomerInput}. */
export function expectCustomer(input: CustomerInput): void {
  expectObject('input', input)
  expectOptions(input, CUSTOMER, 'billing.ensureCustomer')
  expectFields('input', input)
  expectReference(input.reference)
}

/** Throws unless it is a set of {@link CustomerDetails}; a {@link CustomerInput} is one too. */
export function expectDetails(name: string, value: CustomerDetails): void {
  expectObject(name, value)
  expectOptions(value, CUSTOMER, `billing.checkout.${name}`)
  expectFields(name, value)
}

function expectFields(name: string, value: CustomerDetails): void {
  expectLine(`${name}.email`, value.email, 512)
  if (value.name !== undefined) expectLine(`${name}.name`, value.name, 256)
  expectMetadata(`${name}.metadata`, value.metadata)
}

/** What is sent to Stripe, in an order that does not depend on the caller's. */
export function customerParameters(app: string | undefined, input: CustomerInput): string {
  const { reference, email, name, metadata = {} } = input
  const sorted = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify({
    email,
    ...(name === undefined ? {} : { name }),
    metadata: { ...Object.fromEntries(sorted), ...namedReference(app, reference) },
  })
}
