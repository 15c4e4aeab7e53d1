import { expect, test } from 'vitest'
import { Batcher } from './batcher.ts'
import type { JobContext } from './job.ts'

test('a batch whose run throws fails all of its jobs: none is kept for ever', async () => {
  const batcher = new Batcher<number, void>({
    size: 2,
    maxWaitMs: 60_000,
    isAlone: () => false,
    run: () => Promise.reject(new Error('a mistake')),
  })
  const context = { signal: new AbortController().signal } as JobContext
  const added = [batcher.add(1, context), batcher.add(2, context)]
  const ends = await Promise.allSettled(added)
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
