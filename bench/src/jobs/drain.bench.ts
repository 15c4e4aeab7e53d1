import type { Benchmark } from '../benchmark.ts'
import { type Contender, figuresOf, inTurns, ratioOf } from './in-turns.ts'
import { boss, byHand, drainRate, graphile, ours, type Queue } from './queues.ts'

/** Rounds that do not count: they are for the compiler. */
const WARM_UP = 1

/** graphile-worker as fast as it goes: jobs are fetched and completed in batches. */
const FASTEST = {
  preset: {
    worker: {
      concurrentJobs: 100,
      maxPoolSize: 4,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  },
}

/** What is promised of the first against the second: so many times its jobs a second, where anything is. */
const RATIOS: readonly (readonly [of: string, against: string, atLeast?: number])[] = [
  ['yuzuru', 'graphile-worker', 6],
  ['yuzuru, 100 at once', 'graphile-worker, at its fastest', 1.5],
  ['yuzuru, 100 at once', 'pg-boss, in batches by hand', 3],
  ['yuzuru', 'by hand on 1 connection', 0.8],
  ['yuzuru, 100 at once', 'by hand on 4 connections', 0.8],
  ['yuzuru, 100 at once', 'by hand on 4, all kept'],
  ['by hand on 4, all kept', 'pg-boss, in batches by hand'],
]

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'jobs that do nothing taken from a full queue, done, and written down',
  bars: Object.fromEntries(
    RATIOS.flatMap(([of, against, atLeast]) =>
      atLeast === undefined ? [] : [[`${of} / ${against}`, { atLeast }]],
    ),
  ),
  async measure(resources) {
    const contenders: Contender[] = []
    const add = (queue: Queue, jobs: number): void =>
      void contenders.push({ name: queue.name, turn: () => drainRate(queue, jobs) })
    add(await ours(resources, 'yuzuru'), 50_000)
    add(await ours(resources, 'yuzuru, 100 at once', { concurrency: 100 }), 50_000)
    add(await graphile(resources, 'graphile-worker'), 1_500)
    add(await graphile(resources, 'graphile-worker, at its fastest', FASTEST), 40_000)
    add(await boss(resources, 'pg-boss, in batches by hand', 4), 30_000)
    add(await byHand(resources, 'by hand on 1 connection', 1), 100_000)
    add(await byHand(resources, 'by hand on 4 connections', 4), 100_000)
    add(await byHand(resources, 'by hand on 4, all kept', 4, { keep: true }), 60_000)
    const rates = await inTurns(contenders, WARM_UP)
    return [
      ...figuresOf(rates),
      ...RATIOS.map(([of, against]) => ratioOf(rates, of, against, `${of} / ${against}`)),
    ]
  },
}
