import type { Benchmark } from '../benchmark.ts'
import type { SavedRun } from '../saved/saved-run.ts'

const machine = { processors: 2, model: 'A processor', memoryGiB: 24 }

/** A result of a benchmark that has one bar, which is missed on one of two Nodes. */
export const run: SavedRun = {
  id: 'db/example',
  title: 'reads & <writes>',
  command: 'pnpm bench db/example --processes 2',
  date: '2026-11-29',
  processes: 2,
  seconds: 12,
  machine,
  load: { before: 0.5, after: 1.5 },
  results: [
    {
      node: 'v26.10.0',
      method: 'time per read, median of 2 processes × 7',
      lines: [
        { name: 'ours', unit: 'µs', median: 10, low: 9, high: 11 },
        { name: 'theirs', unit: 'µs', median: 5, low: 4, high: 6 },
        {
          name: 'ours / theirs',
          unit: '×',
          median: 2,
          low: 1.5,
          high: 2.5,
          bound: { sense: 'at most', value: 1.5, held: false },
        },
      ],
    },
    {
      node: 'v24.21.0',
      method: 'time per read, median of 2 processes × 7',
      lines: [
        { name: 'ours', unit: 'µs', median: 6, low: 6, high: 6 },
        { name: 'theirs', unit: 'µs', median: 6, low: 6, high: 6 },
        {
          name: 'ours / theirs',
          unit: '×',
          median: 1,
          low: 1,
          high: 1,
          bound: { sense: 'at most', value: 1.5, held: true },
        },
      ],
    },
  ],
}

/** The benchmark that it is a result of. */
export const benchmark: Benchmark = {
  kind: 'comparison',
  title: run.title,
  operation: 'read',
  bars: [{ of: 'ours', against: 'theirs', atMost: 1.5 }],
  cases: () => [],
}
