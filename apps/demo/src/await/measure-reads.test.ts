import { createDatabase, type Database } from '@yuzuru/db'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Schema } from '../schema.ts'
import type { Measured } from './measured.ts'
import { measureCallers, measureReads, READS } from './measure-reads.ts'

let postgres: PostgresServer
let db: Database<Schema>
beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url })
})
afterAll(async () => {
  await db.close()
  await postgres.close()
})

/** Whether all ran at the same time. */
function overlap({ spans }: Measured): boolean {
  const lastBegin = Math.max(...spans.map(({ beginsMs }) => beginsMs))
  return spans.every(({ endsMs }) => lastBegin < endsMs)
}

test('three reads take the sum of their times in sequence and in one transaction, and overlap together', async () => {
  const { inSequence, together, inTransaction } = await measureReads(db)
  for (const { spans } of [inSequence, together, inTransaction]) expect(spans).toHaveLength(READS)
  expect(overlap(inSequence)).toBe(false)
  expect(inSequence.totalMs).toBeGreaterThanOrEqual(90)
  expect(overlap(together)).toBe(true)
  // They are asked for together, and the one connection answers them one by one.
  expect(overlap(inTransaction)).toBe(true)
  expect(inTransaction.totalMs).toBeGreaterThanOrEqual(90)
})

test('a pool of two makes twenty callers wait for each other', async () => {
  const { inSequence, smallPool, fittingPool } = await measureCallers(postgres.url, 20)
  expect(inSequence.spans).toHaveLength(20)
  expect(overlap({ ...inSequence, spans: inSequence.spans.slice(0, 2) })).toBe(false)
  expect(inSequence.totalMs).toBeGreaterThanOrEqual(600)
  expect(smallPool.spans).toHaveLength(20)
  expect(smallPool.totalMs).toBeGreaterThanOrEqual(300)
  expect(fittingPool.spans).toHaveLength(20)
})

test('the event loop has its turns while it waits', async () => {
  const { inSequence } = await measureReads(db)
  expect(inSequence.turns.length).toBeGreaterThan(3)
})
