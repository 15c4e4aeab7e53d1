import { expectText } from '@yuzuru/concurrency/boundary'

/** Throws unless `reference` is a name of an account: 1 to 200 characters. */
export function expectReference(reference: unknown): asserts reference is string {
  expectText('reference', reference, 200)
}
