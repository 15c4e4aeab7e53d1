import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob, type JobOptions } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from '../worker/worker.ts'

interface Node {
  readonly key: string
  readonly child?: Node
}

/** A kind that runs one of its own kind. */
function nested(
  options: Pick<JobOptions<Node>, 'key' | 'group' | 'onConflict'>,
  before: () => Promise<void> = async () => undefined,
): Job<Node> {
  const job = defineJob<Node>({
    name: 'nested',
    attempts: 1,
    run: async ({ child }, { step }) => {
      await before()
      if (child !== undefined) await step.run(job, child)
    },
    ...options,
  })
  return job
}

const kinds = {
  'has its own key, whose jobs follow each other': nested({
    key: ({ key }) => key,
    onConflict: 'again',
  }),
  'is behind it in its group': nested({ group: ({ key }) => key }),
}

describe('a child that would wait for its parent', () => {
  for (const [name, job] of Object.entries(kinds)) {
    test(`is refused, where it ${name}`, async () => {
      const { db } = await queue()
      const { id } = await enqueue(db, job, { key: 'a', child: { key: 'a' } })
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await getJob(db, id)).toMatchObject({ state: 'failed' })
      const { rows } = await sql`select from yuzuru_jobs`.execute(db)
      expect(rows).toEqual([])
    })
  }
  test('is refused through others', async () => {
    const { db } = await queue()
    const job = nested({ key: ({ key }) => key })
    const child = { key: 'b', child: { key: 'c', child: { key: 'a' } } }
    const { id } = await enqueue(db, job, { key: 'a', child })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'failed' })
    const { rows } = await sql`select from yuzuru_jobs`.execute(db)
    expect(rows).toEqual([])
  })
})

test('of two jobs that ask for each other at once one is refused, however they race', async () => {
  const { db } = await queue()
  const bothRun = Promise.withResolvers<void>()
  let running = 0
  const job = nested({ key: ({ key }) => key }, async () => {
    running += 1
    if (running === 2) bothRun.resolve()
    await bothRun.promise
  })
  const ids = [
    await enqueue(db, job, { key: 'a', child: { key: 'b' } }),
    await enqueue(db, job, { key: 'b', child: { key: 'a' } }),
  ].map(({ id }) => id)
  await createWorker(db, { jobs: [job] }).runUntilIdle()
  // And the other one fails with it.
  const states = await Promise.all(ids.map(async (id) => (await getJob(db, id))?.state))
  expect(states).toEqual(['failed', 'failed'])
})
