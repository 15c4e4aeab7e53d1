import { TestClock } from '@yuzuru/concurrency/testing'
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

test('a batch that all of its jobs have left before it began keeps no timer', async () => {
  using clock = TestClock.install()
  const batcher = new Batcher<number, void>({
    size: 3,
    maxWaitMs: 60_000,
    isAlone: () => false,
    run: async () => undefined,
  })
  const stop = new AbortController()
  const context = { signal: stop.signal } as JobContext
  const added = [batcher.add(1, context), batcher.add(2, context)]
  expect(clock.pending).toBe(1)
  stop.abort(new Error('the worker stops'))
  const ends = await Promise.allSettled(added)
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(clock.pending).toBe(0)
})
