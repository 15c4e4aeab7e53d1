import { expect, test } from 'vitest'
import { randomId } from './random-id.ts'

test('an id is 32 hex digits, and no other’s', () => {
  // More than there are random bytes in store, some times over.
  const ids = Array.from({ length: 2_000 }, () => randomId())
  expect(ids.filter((id) => !/^[\da-f]{32}$/.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(2_000)
})
