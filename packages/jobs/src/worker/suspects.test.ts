import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { expireLeases, takeOver, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

function startWorker(url: string): ChildProcess {
  return startProgram('poisoned-process.ts', url)
}

describe('what ran when its worker vanished', () => {
  test('comes back one at a time, and without a used attempt', async () => {
    const { db } = await queue()
    let now = 0
    let most = 0
    const attempts: number[] = []
    const job = defineJob<{ n: number }>({
      name: 'suspect',
      run: async (_, { attempt }) => {
        now += 1
        most = Math.max(most, now)
        attempts.push(attempt)
        await sleep(5)
        now -= 1
      },
    })
    const handles = await enqueueMany(
      db,
      job,
      Array.from({ length: 10 }, (_, n) => ({ n })),
    )
    for (const { id } of handles) await takeOver(db, id, 1)
    await expireLeases(db)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(most).toBe(1)
    expect(attempts).toEqual(Array.from({ length: 10 }, () => 1))
    expect(await jobStats(db)).toMatchObject({ completed: 10 })
  })

  test('runs beside jobs that are not suspect', async () => {
    const { db } = await queue()
    const both = Promise.withResolvers<void>()
    let now = 0
    const job = defineJob<object>({
      name: 'mixed',
      run: async () => {
        now += 1
        if (now === 2) both.resolve()
        await both.promise
      },
    })
    const { id } = await enqueue(db, job, {})
    await takeOver(db, id, 1)
    await expireLeases(db)
    await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await jobStats(db)).toMatchObject({ completed: 2 })
  })

  test('begins only when it is written down how the last one ended', async () => {
    const { db, name } = await queue()
    const begun: string[] = []
    const first = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const suspect = defineJob<object>({
      name: 'suspect',
      run: async (_, { jobId }) => {
        begun.push(jobId)
        first.resolve()
        await end.promise
      },
    })
    let looks = 0
    const other = defineJob<object>({
      name: 'other',
      run: async () => {
        looks += 1
      },
    })
    for (const { id } of await enqueueMany(db, suspect, [{}, {}])) await takeOver(db, id, 1)
    await expireLeases(db)
    await withWorker(db, { jobs: [suspect, other] }, async () => {
      await first.promise
      await db.transaction().execute(async (tx) => {
        // From now on the end of the first can't be written down.
        await sql`select from yuzuru_jobs where id = ${begun[0]}::uuid for update`.execute(tx)
        end.resolve()
        const waits = async (): Promise<number> => {
          const { rows } = await sql`select from pg_stat_activity where application_name = ${name}
            and wait_event_type = 'Lock' and query like '%yuzuru_job_history%'`.execute(db)
          return rows.length
        }
        await expect.poll(waits, { interval: 5, timeout: 60_000 }).toBe(1)
        // The look that takes the first may have passed the suspects before the lock; the next one has not.
        for (const look of [1, 2]) {
          await enqueue(db, other, {})
          await expect.poll(() => looks, { interval: 5, timeout: 60_000 }).toBe(look)
        }
        expect(begun).toHaveLength(1)
      })
      await expect
        .poll(async () => (await jobStats(db)).completed, { interval: 5, timeout: 60_000 })
        .toBe(4)
    })
    expect(begun).toHaveLength(2)
  })

  test('is failed in the end if it is what ends the process, and its neighbours are done', async () => {
    const { db, url } = await queue()
    const noop = async (): Promise<void> => undefined
    const neighbour = defineJob<object>({ name: 'neighbour', attempts: 2, run: noop })
    const poison = defineJob<object>({ name: 'poison', attempts: 2, run: noop })
    const handles = await enqueueMany(
      db,
      neighbour,
      Array.from({ length: 9 }, () => ({})),
    )
    const { id } = await enqueue(db, poison, {})
    const unfinished = async (): Promise<number> => {
      const { waiting, running } = await jobStats(db)
      return waiting + running
    }
    let crashes = 0
    while ((await unfinished()) > 0) {
      const child = startWorker(url)
      const exited = once(child, 'exit') as Promise<[number | null]>
      const idle = expect.poll(unfinished, { interval: 50, timeout: 100_000 }).toBe(0)
      const [code] = await Promise.race([exited, idle.then((): [null] => [null])])
      if (code === null) child.kill('SIGKILL')
      else crashes += 1
      await exited
      // Its lease is a long one, which a slow machine does not lose.
      await expireLeases(db)
      idle.catch(() => undefined)
    }
    // Once with its neighbours, for nothing, and then each of its attempts.
    expect(crashes).toBe(3)
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      attempt: 2,
      lastError: { code: 'lease_expired' },
    })
    for (const handle of handles) {
      expect(await getJob(db, handle.id)).toMatchObject({ state: 'completed', attempt: 1 })
    }
  }, 600_000)
})
