import { expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { IoError } from './io-error.ts'
import { errorKind } from './io-error-kind.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'

test('errorKind is one word of a small set, and never a message', () => {
  const init = { boundary: 'db', operation: 'query', retryable: false, outcome: 'none' } as const
  const errors = [
    new Cancelled('secret', { source: 'task', scope: 's' }),
    new TimeoutError('secret', { scope: 's', timeoutMs: 1, outcome: 'none' }),
    new IoError('secret', { ...init, code: 'not_found' }),
    new RangeError('secret'),
    'secret',
  ]
  expect(errors.map(errorKind)).toEqual([
    'cancelled',
    'timeout',
    'not_found',
    'RangeError',
    '_OTHER',
  ])
})
