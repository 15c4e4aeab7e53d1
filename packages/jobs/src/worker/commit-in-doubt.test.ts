import { createDatabase, transaction } from '@yuzuru/db'
import { startFaultProxy } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from './worker.ts'

describe('a job whose COMMIT is in doubt', () => {
  test.each([
    ['is done again', false, 2],
    ['is done once with completeIn', true, 1],
  ])('%s', async (_, exactly, effects) => {
    const { db, url } = await queue()
    await sql`create table effects (job_id uuid, pid integer)`.execute(db)
    const { hostname: host, port } = new URL(url)
    await using proxy = await startFaultProxy({ target: { host, port: Number(port) } })
    await using faulty = createDatabase<TestSchema>({ url: proxy.url(url), cancelTimeoutMs: 200 })
    proxy.set({ dropReply: { when: 'commit', times: 1 } })
    const errors: unknown[] = []
    const job = defineJob<object>({
      name: 'doubtful',
      backoff: () => 0,
      run: async (_payload, { jobId, attempt, completeIn }) => {
        await transaction(faulty, async (tx) => {
          if (exactly) await completeIn(tx)
          await tx.insertInto('effects').values({ job_id: jobId, pid: attempt }).execute()
        }).catch((error: unknown) => {
          errors.push(error)
          throw error
        })
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(errors).toMatchObject([{ code: 'commit_unknown', retryable: false, outcome: 'unknown' }])
    const { rows } = await sql`select from effects`.execute(db)
    expect(rows).toHaveLength(effects)
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: effects })
  })
})
