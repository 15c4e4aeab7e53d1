import pMap, { pMapIterable } from 'p-map'
import { mapConcurrent } from '@yuzuru/concurrency/tasks'
import type { Benchmark } from '../benchmark.ts'

const ITEMS = 100_000
const CONCURRENCY = 10

const items = Array.from({ length: ITEMS }, (_, index) => index)

async function double(item: number): Promise<number> {
  await Promise.resolve()
  return item * 2
}

async function sum(results: AsyncIterable<number>): Promise<number> {
  let total = 0
  for await (const each of results) total += each
  return total
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: '100,000 items, 10 at a time',
  operation: 'item',
  bars: [
    { of: 'mapConcurrent', against: 'p-map', atMost: 1 },
    { of: 'mapConcurrent, unordered', against: 'p-map', atMost: 1 },
  ],
  cases() {
    const common = { operations: ITEMS, expected: ITEMS * (ITEMS - 1) }
    return [
      {
        ...common,
        name: 'mapConcurrent',
        run: () => sum(mapConcurrent(items, double, { concurrency: CONCURRENCY })),
      },
      {
        ...common,
        name: 'mapConcurrent, unordered',
        run: () => sum(mapConcurrent(items, double, { concurrency: CONCURRENCY, ordered: false })),
      },
      {
        ...common,
        name: 'p-map',
        run: async () => {
          const results = await pMap(items, double, { concurrency: CONCURRENCY })
          return results.reduce((total, each) => total + each, 0)
        },
      },
      {
        ...common,
        name: "p-map's pMapIterable",
        run: () => sum(pMapIterable(items, double, { concurrency: CONCURRENCY })),
      },
    ]
  },
}
