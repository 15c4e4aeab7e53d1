import { expect, test } from 'vitest'
import { hasNoTransaction } from './no-transaction.ts'

test.each([
  ['of pg', { code: '25P01' }, true],
  ['of @yuzuru/db', { code: 'no_active_sql_transaction', sqlState: '25P01' }, true],
  ['of another failure', { code: '25P02' }, false],
  ['of nothing', undefined, false],
])('a statement outside of a transaction is known by the error %s', (_, error, expected) => {
  expect(hasNoTransaction(error)).toBe(expected)
})
