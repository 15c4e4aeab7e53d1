import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from './worker.ts'

const noop = async (): Promise<void> => undefined
const first = defineJob<{ name: string }>({ name: 'greet', run: noop })
const second = defineJob<{ names: string[] }>({ name: 'greet', version: 2, run: noop })

/** The program of the third version, and what its handler got. */
function third(upgrade: Job['upgrade']) {
  const got: unknown[] = []
  const job = defineJob({
    name: 'greet',
    version: 3,
    upgrade,
    schema: z.object({ names: z.array(z.string()), polite: z.boolean() }),
    run: async (payload) => {
      got.push(payload)
    },
  })
  return { job, got }
}

const upgrade = {
  1: (payload: unknown) => ({ names: [(payload as { name: string }).name] }),
  2: async (payload: unknown) => {
    await sleep(0)
    return { ...(payload as object), polite: true }
  },
}

describe('a stored payload', () => {
  test('of an older version is upgraded step by step, and then checked', async () => {
    const { db } = await queue()
    const { job, got } = third(upgrade)
    await enqueue(db, first, { name: 'hanako' })
    await enqueueMany(db, second, [{ names: ['taro', 'jiro'] }])
    await enqueue(db, job, { names: [], polite: false })
    await createWorker(db, { jobs: [job], concurrency: 1 }).runUntilIdle()
    expect(got).toEqual([
      { names: ['hanako'], polite: true },
      { names: ['taro', 'jiro'], polite: true },
      { names: [], polite: false },
    ])
  })

  test('of a version from which no step leads on, or that a step refuses, fails its job', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, first, { name: 'hanako' })
    await createWorker(db, { jobs: [third({ 2: upgrade[2] }).job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      lastError: { code: 'invalid_payload', message: expect.stringContaining('from version 1') },
    })
    // A retry keeps the version: it is mended by the step that was missing.
    const { job, got } = third(upgrade)
    expect(await retryJob(db, id)).toBe(true)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(got).toHaveLength(1)
    const wrong = third({ ...upgrade, 1: () => ({ names: ['secret', 1] }) })
    const refused = await enqueue(db, first, { name: 'secret' })
    await createWorker(db, { jobs: [wrong.job] }).runUntilIdle()
    expect((await getJob(db, refused.id))?.lastError).toMatchObject({
      code: 'invalid_payload',
      message: expect.stringMatching(/payload\.names\[1\]$/),
    })
  })

  test('that is newer than the code is given back for newer workers, and no attempt is used', async () => {
    const { db } = await queue()
    const { job, got } = third(upgrade)
    const { id } = await enqueue(db, job, { names: ['hanako'], polite: true })
    const events: string[] = []
    const onEvent = ({ type }: { readonly type: string }): unknown => events.push(type)
    const old = createWorker(db, { jobs: [second], onEvent })
    for (let round = 0; round < 12; round += 1) {
      await old.runUntilIdle()
      const found = await getJob(db, id)
      expect(found).toMatchObject({ state: 'waiting', attempt: 0, lastError: undefined })
      expect(Number(found?.runAt)).toBeGreaterThan(Date.now())
      await sql`update yuzuru_jobs set run_at = now()`.execute(db)
    }
    expect(events).toEqual([])
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(got).toEqual([{ names: ['hanako'], polite: true }])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })
})
