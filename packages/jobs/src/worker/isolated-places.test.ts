import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { isolated, saysOf } from '../../test/isolated.ts'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { RunIn } from '../job/isolated-kind.ts'
import type { Job } from '../job/job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { waitFor } from '../queue/wait-for.ts'

const KINDS: readonly RunIn[] = ['thread', 'process']

/** How many jobs of a kind workers have taken. */
async function taken(db: Kysely<TestSchema>, { name }: Job): Promise<number> {
  const { rows } = await sql<{ jobs: number }>`select count(*)::float8 as jobs from yuzuru_jobs
    where name = ${name} and worker is not null`.execute(db)
  return rows[0]?.jobs ?? 0
}

describe.each(KINDS)('handlers that wait for a %s', (runIn) => {
  test('take no place of those in the worker, which go on; none is taken before there is one', async () => {
    const { db } = await queue()
    await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
    // The time of one that waits does not begin.
    const slow = isolated('wait', runIn, { timeoutMs: 60_000, priority: -1 })
    const plain = defineJob<{ n: number }, number>({ name: 'plain', run: async ({ n }) => n })
    const file = join(folder.path, 'ended')
    const [first, ...rest] = await enqueueMany(
      db,
      slow,
      Array.from({ length: 5 }, () => ({ file })),
    )
    const options = { jobs: [slow, plain], concurrency: 2, threads: 1, processes: 1 }
    await withWorker(db, options, async () => {
      expect(await saysOf(db, first?.id ?? '')).toBe('waits')
      const handles = await enqueueMany(
        db,
        plain,
        Array.from({ length: 20 }, (_, n) => ({ n })),
      )
      for (const [n, { id }] of handles.entries()) {
        expect(await waitFor(db, plain, id, { timeoutMs: 60_000 })).toBe(n)
      }
      expect(await taken(db, slow)).toBe(1)
      for (const { id } of rest) {
        expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
      }
      // Another worker, with a place, has none of them withheld from it.
      await withWorker(db, options, () => expect.poll(() => taken(db, slow)).toBe(2))
    })
  })

  test('are let go by their limits only as there is one', async () => {
    const { db } = await queue()
    await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
    const slow = isolated('wait', runIn, { limits: { concurrency: 4 } })
    const file = join(folder.path, 'ended')
    const handles = await enqueueMany(
      db,
      slow,
      Array.from({ length: 5 }, () => ({ file })),
    )
    const plain = defineJob<object>({ name: 'plain', limits: {}, run: async () => undefined })
    const options = { jobs: [slow, plain], threads: 1, processes: 1 }
    await withWorker(db, options, async () => {
      expect(await saysOf(db, handles[0]?.id ?? '')).toBe('waits')
      const { id } = await enqueue(db, plain, {})
      await waitFor(db, plain, id, { timeoutMs: 60_000 })
      const { rows } = await sql<{ stage: number }>`select stage from yuzuru_jobs
        where name = ${slow.name} order by stage`.execute(db)
      expect(rows.map(({ stage }) => stage)).toEqual([0, 4, 4, 4, 4])
    })
  })

  test('leave those that ran in a worker that vanished to come back one at a time, as there is a place for them', async () => {
    const { db } = await queue()
    await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
    const slow = isolated('wait', runIn)
    const plain = defineJob<object, string>({ name: 'plain', run: async () => 'done' })
    const file = join(folder.path, 'ended')
    const { id } = await enqueue(db, slow, { file })
    await withWorker(db, { jobs: [slow, plain], threads: 1, processes: 1 }, async () => {
      await saysOf(db, id)
      const [suspect, other] = [await enqueue(db, slow, { file }), await enqueue(db, plain, {})]
      await sql`update yuzuru_jobs set stage = 2, crashes = 1
        where id in (${suspect.id}::uuid, ${other.id}::uuid)`.execute(db)
      expect(await waitFor(db, plain, other.id, { timeoutMs: 60_000 })).toBe('done')
      expect(await getJob(db, suspect.id)).toMatchObject({ state: 'waiting', attempt: 0 })
    })
  })
})
