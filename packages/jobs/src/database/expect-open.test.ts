import { createDatabase } from '@yuzuru/db'
import { sql, type Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import { stepping, stepsOf, withEffects } from '../../test/stepping.ts'
import type { TestSchema } from '../../test/open-kysely.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from '../worker/worker.ts'

/** Each is sent by a handler in the transaction that it was given. */
const ENDS = ['commit', 'rollback']
const KINDS = ['a plain Kysely', 'a database of @yuzuru/db']
const CASES = ENDS.flatMap((end) => KINDS.map((kind) => [end, kind] as const))

/** A database of `@yuzuru/db` knows that all was rolled back. */
const outcomeOf = (end: string, kind: string): string =>
  end === 'rollback' && kind !== KINDS[0] ? 'none' : 'unknown'

async function stage(kind: string) {
  const { db, url } = await withEffects()
  const ours = createDatabase<TestSchema>({ url })
  return {
    db,
    of: kind === 'a plain Kysely' ? db : ours,
    [Symbol.asyncDispose]: () => ours.close(),
  }
}

/** Writes an effect, and ends the transaction. */
async function endItself(tx: Transaction<TestSchema>, jobId: string, end: string): Promise<void> {
  await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
  await sql.raw(end).execute(tx)
}

describe('a handler that ends its transaction by itself', () => {
  test.each(CASES)('completes no transactional job by %s, on %s', async (end, kind) => {
    await using stand = await stage(kind)
    const { db, of } = stand
    const job = defineJob<object>({
      name: 'ends-itself',
      mode: 'transactional',
      attempts: 1,
      run: (_, { jobId, tx }) => endItself(tx<TestSchema>(), jobId, end),
    })
    const { id } = await enqueue(db, job, {})
    await createWorker<TestSchema>(of, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', errors: [{ outcome: outcomeOf(end, kind) }] })
  })

  test.each(CASES)('keeps no step by %s, on %s', async (end, kind) => {
    await using stand = await stage(kind)
    const { db, of } = stand
    const job = stepping(async ({ jobId, step }) => {
      await step('writes', of, (tx) => endItself(tx, jobId, end))
    }, 1)
    const { id } = await enqueue(db, job, {})
    await createWorker<TestSchema>(of, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      errors: [{ outcome: outcomeOf(end, kind) }],
    })
    expect(await stepsOf(db)).toEqual([])
  })
})
