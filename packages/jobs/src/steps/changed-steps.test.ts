import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { type Handler, stepping, withEffects } from '../../test/stepping.ts'
import type { JobContext } from '../job/job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from '../worker/worker.ts'

describe('a step that was', () => {
  /** Runs a handler that fails, then another program's in its place. */
  async function changed(
    before: Handler,
    after: (context: JobContext, db: Kysely<TestSchema>) => Promise<void>,
  ): Promise<string | undefined> {
    const { db } = await withEffects()
    const first = stepping(async (context) => {
      await before(context)
      throw new TypeError('Expected another program')
    })
    const { id } = await enqueue(db, first, {})
    await createWorker(db, { jobs: [first] }).runUntilIdle()
    const second = stepping((context) => after(context, db), 1)
    await sql`update yuzuru_job_history set max_attempts = 1`.execute(db)
    await retryJob(db, id)
    await createWorker(db, { jobs: [second] }).runUntilIdle()
    const found = await getJob(db, id)
    if (found?.state === 'completed') return undefined
    // What stood in its transaction.
    expect(await db.selectFrom('effects').selectAll().execute()).toEqual([])
    expect(found).toMatchObject({ state: 'failed', lastError: { code: 'step_changed' } })
    return found?.lastError?.message
  }

  test('removed is an error that says which', async () => {
    const message = await changed(
      async ({ step }) => {
        await step('kept', () => 1)
        await step('removed', () => 1)
      },
      async ({ step }) => void (await step('kept', () => 1)),
    )
    expect(message).toContain('an earlier run finished "removed", this one ended without it')
  })

  test('renamed is an error that says which, and is not run under its new name', async () => {
    let charges = 0
    const message = await changed(
      async ({ step }) => void (await step('charge', () => (charges += 1))),
      // The wait for "charge" is at the most half of what is left.
      ({ step }) => step('bill', () => (charges += 1), { timeoutMs: 200 }).then(() => undefined),
    )
    expect(message).toContain('an earlier run finished "charge", this one asked for "bill"')
    expect(charges).toBe(1)
  })

  test('removed is an error before the job is completed in a transaction', async () => {
    const message = await changed(
      async ({ step }) => {
        await step('kept', () => 1)
        await step('removed', () => 1)
      },
      async ({ step, completeIn, jobId }, db) => {
        await step('kept', () => 1)
        await db.transaction().execute(async (tx) => {
          await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
          await completeIn(tx)
        })
      },
    )
    expect(message).toContain('an earlier run finished "removed", this one ended without it')
  })

  test('added behind those that have finished is none', async () => {
    const message = await changed(
      async ({ step }) => void (await step('charge', () => 1)),
      async ({ step }) => {
        await step('charge', () => 1)
        await step('mail', () => 1)
      },
    )
    expect(message).toBeUndefined()
  })
})
