import type { Transaction } from 'kysely'
import { expect, test } from 'vitest'
import type { Member } from './batch-item.ts'
import { runInOneTransaction } from './batch-in-transaction.ts'
import type { Seat } from './seat.ts'

/** A job of a batch that notes how it ends, and what cancels it. */
function member(n: number, transaction: Seat['transaction'], ends: unknown[]) {
  const canceller = new AbortController()
  const seat: Seat = {
    lease: { id: `${n}`, claim: 1 },
    resultText: async () => undefined,
    transaction,
    completeAll: async () => new Map(),
    completing: () => undefined,
    rolledBack: () => undefined,
  }
  const end = (how: string): void => {
    made.isSettled = true
    ends.push([n, how])
  }
  const made: Member<number, void> = {
    payload: n,
    context: { seat } as never,
    signal: canceller.signal,
    isSettled: false,
    onSettled: undefined,
    resolve: () => end('completed'),
    reject: (error) => end((error as Error).message),
  }
  return { made, canceller }
}

test('a job of a batch that is cancelled while the server refuses COMMIT is not done again with the rest', async () => {
  const ends: unknown[] = []
  const calls: number[][] = []
  let refusals = 1
  // As a transaction of `@yuzuru/db`, which calls its function again after a serialization failure.
  const transaction: Seat['transaction'] = async (body) => {
    await body({} as Transaction<unknown>)
    if (refusals === 0) return
    refusals -= 1
    members[1]?.canceller.abort(new Error('cancelled'))
    await body({} as Transaction<unknown>)
  }
  const members = [0, 1, 2].map((n) => member(n, transaction, ends))
  await runInOneTransaction(
    members.map(({ made }) => made),
    async (items) => void calls.push(items.map(({ payload }) => payload)),
  )
  expect(calls).toEqual([
    [0, 1, 2],
    [0, 2],
  ])
  expect(ends).toEqual([
    [1, 'cancelled'],
    [0, 'completed'],
    [2, 'completed'],
  ])
})
