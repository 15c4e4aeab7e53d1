import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { sleep } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { expireLeases, takeOver } from '../../test/with-worker.ts'
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
