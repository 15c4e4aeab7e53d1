import { boundsOf } from '../bars.ts'
import type { Benchmark } from '../benchmark.ts'
import type { SavedRun } from '../saved/saved-run.ts'
import { earlierRows } from './earlier.ts'

/** Benchmarks that cannot run everywhere, so that they may have no result, and why. */
export const MAY_MISS: ReadonlyMap<string, string> = new Map([
  ['db/fastapi', "needs Debian's packages of FastAPI, SQLAlchemy and asyncpg"],
])

/** What is measured, what was, and which folders have notes. */
export interface Kept {
  readonly benchmarks: ReadonlyMap<string, Benchmark>
  readonly runs: ReadonlyMap<string, SavedRun>
  /** `notes/earlier.md` */
  readonly earlier: string
  readonly notes: readonly string[]
}

/** Where the results and the benchmarks have gone apart. Empty when all is in step. */
export function problemsOf({ benchmarks, runs, earlier, notes }: Kept): string[] {
  const before = new Set(earlierRows(earlier).map(({ id }) => id))
  const problems: string[] = []
  for (const id of benchmarks.keys()) {
    const isThere = runs.has(id) || before.has(id) || MAY_MISS.has(id)
    if (!isThere) problems.push(`${id} has no result: pnpm bench ${id} --save`)
  }
  for (const id of new Set([...runs.keys(), ...before, ...MAY_MISS.keys()])) {
    if (!benchmarks.has(id)) problems.push(`there is no benchmark ${id}`)
  }
  for (const [id, run] of runs) {
    const benchmark = benchmarks.get(id)
    if (benchmark !== undefined) problems.push(...barProblems(run, benchmark))
  }
  const folders = new Set([...benchmarks.keys()].map((id) => id.split('/')[0] ?? ''))
  for (const folder of folders.difference(new Set(notes))) {
    problems.push(`bench/notes/${folder}.md is missing`)
  }
  for (const note of new Set(notes).difference(folders)) {
    problems.push(`bench/notes/${note}.md is of no folder`)
  }
  return problems
}

/** Each bar of a result is one of the benchmark, and each of the benchmark's was measured. */
function barProblems({ id, results }: SavedRun, benchmark: Benchmark): string[] {
  const promised = new Map(
    Array.from(boundsOf(benchmark), ([name, { sense, value }]) => [name, `${sense} ${value}`]),
  )
  return results.flatMap(({ node, lines }) => {
    const measured = new Map(
      lines.flatMap(({ name, bound }) =>
        bound === undefined ? [] : [[name, `${bound.sense} ${bound.value}`] as const],
      ),
    )
    return [...new Set([...promised.keys(), ...measured.keys()])]
      .filter((name) => promised.get(name) !== measured.get(name))
      .map(
        (name) =>
          `${id} on ${node}, "${name}": the result has ${measured.get(name) ?? 'no bar'}, the benchmark ${promised.get(name) ?? 'none'}`,
      )
  })
}
