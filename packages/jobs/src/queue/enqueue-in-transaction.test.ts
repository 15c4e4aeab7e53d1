import { cancelScope, outcomeOf } from '@yuzuru/concurrency'
import { retry } from '@yuzuru/concurrency/resilience'
import { createDatabase, transaction } from '@yuzuru/db'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from './enqueue.ts'

const remind = defineJob<{ plan: string }>({ name: 'remind', run: async () => undefined })

const refusing = (state: string) =>
  sql.raw(`do $$ begin raise exception using errcode = '${state}', message = 'no'; end $$`)

describe('what is enqueued in a transaction counts with its COMMIT, and not before', () => {
  test.each(['transaction()', 'Kysely’s own'])(
    'one that is rolled back says none, and is retried: %s',
    async (kind) => {
      const { url } = await queue()
      await using db = createDatabase({ url })
      let runs = 0
      const body = async (tx: typeof db): Promise<void> => {
        runs += 1
        await enqueue(tx, remind, { plan: 'a' })
        if (runs < 3) await refusing('55P03').execute(tx)
      }
      await retry(
        () =>
          kind === 'transaction()'
            ? transaction(db, (tx) => body(tx as never))
            : db.transaction().execute((tx) => body(tx as never)),
        { baseDelayMs: 1 },
      )
      expect(runs).toBe(3)
      const { rows } = await sql`select 1 from yuzuru_jobs`.execute(db)
      expect(rows).toHaveLength(1)
    },
  )

  test('a conflict runs it again', async () => {
    const { url } = await queue()
    await using db = createDatabase({ url })
    let runs = 0
    await transaction(db, async (tx) => {
      runs += 1
      await enqueue(tx, remind, { plan: 'a' })
      if (runs < 3) await refusing('40001').execute(tx)
    })
    expect(runs).toBe(3)
  })

  test('what came after its COMMIT says unknown', async () => {
    const { url } = await queue()
    await using db = createDatabase({ url })
    const failing = cancelScope(async () => {
      await transaction(db, (tx) => enqueue(tx, remind, { plan: 'a' }))
      throw new Error('after it')
    })
    expect(outcomeOf(await failing.catch((error: unknown) => error))).toBe('unknown')
  })
})
