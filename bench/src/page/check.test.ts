import { expect, test } from 'vitest'
import type { Benchmark } from '../benchmark.ts'
import { type Kept, problemsOf } from './check.ts'
import { benchmark, run } from './fixture.ts'

const fastapi: Benchmark = { kind: 'measurement', title: '-', bars: {}, measure: async () => [] }

function keptWith(changes: Partial<Kept>): Kept {
  return {
    benchmarks: new Map([
      [run.id, benchmark],
      ['db/fastapi', fastapi],
    ]),
    runs: new Map([[run.id, run]]),
    earlier: '',
    notes: ['db'],
    ...changes,
  }
}

const cases: { name: string; kept: Partial<Kept>; problems: string[] }[] = [
  { name: 'a benchmark with its result', kept: {}, problems: [] },
  {
    name: 'a benchmark without a result',
    kept: { runs: new Map() },
    problems: ['db/example has no result: pnpm bench db/example --save'],
  },
  {
    name: 'a benchmark that was measured earlier',
    kept: { runs: new Map(), earlier: '| `db/example` | ours / theirs | at most 1.5× | 2× |' },
    problems: [],
  },
  {
    name: 'a result whose benchmark has gone',
    kept: { benchmarks: new Map([['db/fastapi', fastapi]]) },
    problems: ['there is no benchmark db/example'],
  },
  {
    name: 'an earlier row whose benchmark has gone',
    kept: { earlier: '| `db/gone` | x | y | z |' },
    problems: ['there is no benchmark db/gone'],
  },
  {
    name: 'a result whose bar has gone, and one that came',
    kept: {
      benchmarks: new Map<string, Benchmark>([
        [
          run.id,
          {
            kind: 'measurement',
            title: '-',
            bars: { peak: { atLeast: 3 } },
            measure: async () => [],
          },
        ],
        ['db/fastapi', fastapi],
      ]),
    },
    problems: ['v26.10.0', 'v24.21.0'].flatMap((node) => [
      `db/example on ${node}, "peak": the result has no bar, the benchmark at least 3`,
      `db/example on ${node}, "ours / theirs": the result has at most 1.5, the benchmark none`,
    ]),
  },
  {
    name: 'a folder without notes, and notes without a folder',
    kept: { notes: ['ftp'] },
    problems: ['bench/notes/db.md is missing', 'bench/notes/ftp.md is of no folder'],
  },
]
for (const { name, kept, problems } of cases) {
  test(name, () => expect(problemsOf(keptWith(kept))).toEqual(problems))
}
