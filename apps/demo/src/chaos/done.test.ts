import { expect, test } from 'vitest'
import { checkDone } from './done.ts'
import type { Operation } from './ledger.ts'

const DONE: Operation = { kind: 'approve', title: '-', claims: { create: 'done', approve: 'done' } }
const FAILED: Operation = { ...DONE, claims: { create: 'done', approve: 'not-done' } }
const MET: Operation = { kind: 'meet', title: '-', claims: { create: 'done', meet: 'done' } }

test.each([
  ['all was done', [DONE, MET, DONE], true],
  ['a fault made one fail', [DONE, MET, FAILED], true],
  ['one failed before there was a fault', [FAILED, MET, DONE], false],
  ['one kind was never done', [MET, MET, FAILED], false],
])('a load of which %s', (_, operations, holds) => {
  expect(checkDone(operations, 2).holds).toBe(holds)
})

test('what was done is counted by its kind', () => {
  expect(checkDone([DONE, MET, FAILED], 2).found).toBe('before 2 of 2, approve 1 of 2, meet 1 of 1')
})
