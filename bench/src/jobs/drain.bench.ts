import type { Benchmark, Figure } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'
import { boss, byHand, drainRate, graphile, ours, type Queue } from './queues.ts'

const ROUNDS = 5

/** A queue, and how many jobs it is given in a turn: about a second's. */
interface Contender {
  readonly queue: Queue
  readonly jobs: number
  /** Jobs a second, of each round. */
  readonly rates: number[]
}

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
      void contenders.push({ queue, jobs, rates: [] })
    add(await ours(resources, 'yuzuru'), 50_000)
    add(await ours(resources, 'yuzuru, 100 at once', { concurrency: 100 }), 50_000)
    add(await graphile(resources, 'graphile-worker'), 1_500)
    add(await graphile(resources, 'graphile-worker, at its fastest', FASTEST), 40_000)
    add(await boss(resources, 'pg-boss, in batches by hand', 4), 30_000)
    add(await byHand(resources, 'by hand on 1 connection', 1), 100_000)
    add(await byHand(resources, 'by hand on 4 connections', 4), 100_000)
    add(await byHand(resources, 'by hand on 4, all kept', 4, { keep: true }), 60_000)
    // The first round is for the compiler.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const each of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const rate = await drainRate(each.queue, each.jobs)
        if (round > 0) each.rates.push(rate)
      }
    }
    return [...contenders.map(rateOf), ...RATIOS.map((ratio) => ratioOf(ratio, contenders))]
  },
}

function rateOf({ queue, rates }: Contender): Figure {
  return { name: queue.name, value: quantileOf(rates, 0.5), unit: 'jobs/s' }
}

function ratioOf([of, against]: (typeof RATIOS)[number], all: readonly Contender[]): Figure {
  const ratesOf = (name: string): readonly number[] =>
    all.find(({ queue }) => queue.name === name)?.rates ?? []
  const theirs = ratesOf(against)
  const ratios = ratesOf(of).map((rate, round) => rate / (theirs[round] ?? Number.NaN))
  return { name: `${of} / ${against}`, value: quantileOf(ratios, 0.5), unit: '×' }
}
