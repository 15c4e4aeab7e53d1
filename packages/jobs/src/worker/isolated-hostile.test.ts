import { describe, expect, test } from 'vitest'
import { isolated } from '../../test/isolated.ts'
import { queue } from '../../test/queue.ts'
import type { RunIn } from '../job/isolated-kind.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'

const KINDS: readonly RunIn[] = ['thread', 'process']

const THROWN = [
  'null',
  'undefined',
  'symbol',
  'function',
  'bigint',
  'circle',
  'trap',
  'text',
  'long',
  'error',
]
const GIVEN = ['symbol', 'function', 'bigint', 'circle', 'trap', 'long']

describe.each(KINDS)('a handler in a %s', (runIn) => {
  test('fails with whatever it throws or gives, each attempt of one job alone, and its place is free after it', async () => {
    const { db } = await queue()
    const job = isolated('hostile', runIn, { attempts: 1, timeoutMs: 30_000 })
    const beside = isolated('neighbour', runIn)
    const hows = [...THROWN.map((what) => `throw ${what}`), ...GIVEN.map((what) => `give ${what}`)]
    const handles = await enqueueMany(
      db,
      job,
      hows.map((how) => ({ how })),
    )
    const { id: last } = await enqueue(db, beside, { n: 1 }, { priority: 1 })
    await drainJobs(db, [job, beside])
    for (const [n, { id }] of handles.entries()) {
      const found = await getJob(db, id)
      expect(found, hows[n]).toMatchObject({ state: 'failed', attempt: 1 })
      expect(typeof found?.lastError?.message, hows[n]).toBe('string')
      expect(Buffer.byteLength(found?.lastError?.message ?? ''), hows[n]).toBeLessThanOrEqual(1_024)
      expect(found?.lastError?.code, hows[n]).not.toBe('handler_crashed')
    }
    expect(await getJob(db, last)).toMatchObject({ state: 'completed', attempt: 1 })
  })
})
