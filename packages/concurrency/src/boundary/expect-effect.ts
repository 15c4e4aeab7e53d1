import { expectOneOf } from '../arguments/expect-kind.ts'
import type { Effect } from '../scopes/outcome.ts'

const EFFECTS = ['read', 'idempotent', 'write'] as const

/**
 * Throws unless `value` is an {@link Effect}.
 *
 * @throws {TypeError}
 * @example
 * expectEffect(options?.effect)
 */
export function expectEffect(value: unknown): asserts value is Effect {
  expectOneOf('effect', value, EFFECTS)
}
