import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { findJobs, type FindJobsOptions } from './find-jobs.ts'
import { getJob } from './get-job.ts'
import { prune } from './prune.ts'

const noop = async (): Promise<void> => undefined
const plan = defineJob<{ office: number }>({
  name: 'plan',
  tags: ({ office }) => [`office/${office}`, 'plan'],
  run: noop,
})
const other = defineJob<{ n: number }>({ name: 'other', queue: 'slow', run: noop })

const payloads = (many: number): { n: number }[] => Array.from({ length: many }, (_, n) => ({ n }))

async function idsOf(
  db: Kysely<TestSchema>,
  options: FindJobsOptions,
): Promise<{ ids: string[]; pages: number[] }> {
  const ids: string[] = []
  const pages: number[] = []
  for (let after: string | undefined; ;) {
    const { jobs, next } = await findJobs(db, { ...options, after })
    ids.push(...jobs.map(({ id }) => id))
    pages.push(jobs.length)
    if (next === undefined) return { ids, pages }
    after = next
  }
}

describe('findJobs', () => {
  test('finds jobs by what they have, the latest first, and each once', async () => {
    const { db } = await queue()
    const first = await enqueue(db, plan, { office: 1 }, { tags: ['urgent', 'plan'] })
    const second = await enqueue(db, plan, { office: 2 })
    await createWorker(db, { jobs: [plan] }).runUntilIdle()
    const third = await enqueue(db, plan, { office: 1 }, { delayMs: 60_000 })
    const slow = await enqueue(db, other, { n: 1 })
    const [a, b, c, d] = [first.id, second.id, third.id, slow.id].toSorted()
    const found = async (options: FindJobsOptions): Promise<string[]> =>
      (await idsOf(db, options)).ids
    expect(await found({})).toEqual([d, c, b, a])
    expect(await found({ limit: 1 })).toEqual([d, c, b, a])
    expect(await found({ limit: 4 })).toEqual([d, c, b, a])
    expect(await found({ tags: ['plan'] })).toEqual(
      [third.id, second.id, first.id].toSorted().toReversed(),
    )
    expect(await found({ tags: ['office/1', 'plan', 'plan'] })).toHaveLength(2)
    expect(await found({ tags: ['plan', 'urgent'] })).toEqual([first.id])
    expect(await found({ tags: ['none'] })).toEqual([])
    expect(await found({ job: plan, states: ['completed'] })).toHaveLength(2)
    expect(await found({ job: 'plan', states: ['waiting', 'failed'] })).toEqual([third.id])
    expect(await found({ queue: 'slow' })).toEqual([slow.id])
    expect(await found({ states: [] })).toEqual([])
    expect(await getJob(db, first.id)).toMatchObject({ tags: ['office/1', 'plan', 'urgent'] })
    const { jobs } = await findJobs(db, { tags: ['urgent'] })
    expect(jobs).toEqual([await getJob(db, first.id)])
  })

  test('looks at so many jobs at the most, and goes on where it ended', async () => {
    const { url } = await queue()
    const db = openKysely(url, 1)
    onTestFinished(() => db.destroy())
    await enqueue(db, plan, { office: 1 })
    await enqueueMany(db, other, payloads(25_000))
    await sql`vacuum analyze yuzuru_jobs`.execute(db)
    const { ids, pages } = await idsOf(db, { job: plan })
    expect(ids).toHaveLength(1)
    expect(pages).toEqual([0, 0, 1])
    // Those with a tag stand apart.
    expect((await idsOf(db, { tags: ['office/1'] })).pages).toEqual([1])
    expect((await idsOf(db, { limit: 1_000 })).ids).toHaveLength(25_001)
  })

  test('finds no tags of what was rolled back, and prune deletes them', async () => {
    const { db } = await queue()
    const call = db.transaction().execute(async (tx) => {
      await enqueue(tx, plan, { office: 1 })
      throw new Error('rolled back')
    })
    await expect(call).rejects.toThrow('rolled back')
    const tags = async (): Promise<number> =>
      (await sql`select from yuzuru_job_tags`.execute(db)).rows.length
    expect(await tags()).toBe(0)
    await enqueueMany(db, plan, [{ office: 1 }, { office: 2 }])
    await createWorker(db, { jobs: [plan] }).runUntilIdle()
    expect(await tags()).toBe(4)
    await prune(db, { olderThanMs: 0 })
    expect(await tags()).toBe(0)
  })

  test('finds a job that was replaced by its new tags too', async () => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'sync',
      key: () => 'k',
      onConflict: 'replace',
      run: noop,
    })
    const { id } = await enqueue(db, job, {}, { tags: ['old'] })
    await enqueue(db, job, {}, { tags: ['new', 'old'] })
    expect((await findJobs(db, { tags: ['new'] })).jobs).toMatchObject([
      { id, tags: ['new', 'old'] },
    ])
  })

  test.each([
    [{ tags: [] }, 'Expected tags to be an array of 1 to 20'],
    [{ tags: [''] }, 'Expected each of tags'],
    [{ limit: 0 }, 'Expected limit'],
    [{ states: ['done'] }, 'Expected states to be some of waiting, running'],
    [{ after: 'x' }, 'Expected id to be a UUID'],
    [{ job: null }, 'Expected job'],
  ])('refuses %o', async (options, message) => {
    const { db } = await queue()
    await expect(findJobs(db, options as never)).rejects.toThrow(message)
    await expect(findJobs(db, options as never)).rejects.toThrow(TypeError)
  })
})
