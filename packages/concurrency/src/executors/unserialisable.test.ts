import { expect, test } from 'vitest'
import { unserialisableArguments, unserialisableResult } from './unserialisable.ts'

const secret = (): string => 'hunter2'

test('what cannot be sent is named by its place and kind, never by its content', () => {
  const messageOf = (...args: unknown[]): string =>
    unserialisableArguments('job', args, structuredClone).message
  expect(messageOf(1, secret)).toBe(
    'Expected argument 2 of "job" to be serialisable, got a function',
  )
  expect(messageOf({ secret })).toBe(
    'Expected argument 1 of "job" to be serialisable, got an instance of Object with something in it that is not',
  )
  expect(messageOf(1, 2)).toBe(
    'Expected the context values and the transfer list of "job" to be serialisable',
  )
  expect(unserialisableResult('job').message).toBe(
    'Expected the result of "job" to be serialisable',
  )
  expect(unserialisableResult('job', secret).message).toBe(
    'Expected the result of "job" to be serialisable, got a function',
  )
})
