import { deepStrictEqual } from 'node:assert/strict'
import { boundOf, nameOf } from './bars.ts'
import type { Bar, Case, ClockName, Comparison } from './benchmark.ts'
import type { Reading, Series } from './result.ts'
import { type Elapsed, type Measured, thisProcess, time } from './stopwatch.ts'

/** How long a case runs before it counts, in milliseconds: the compiler is done with most by then. */
const WARM_UP_MS = 400

/** How long one turn takes at the least, in microseconds: many times what the clock can tell apart. */
const TURN = 40_000

const ROUNDS = 7

/** A case with what it took in each round, an operation. */
interface Contender {
  readonly name: string
  /** Runs of one turn. */
  readonly runs: number
  readonly operations: number
  readonly samples: Elapsed[]
  readonly run: () => Promise<void>
  readonly measured: Measured
}

/**
 * Has the cases take turns, A B C, then C B A, so that whatever slows the machine down meets them all,
 * and compares within each round; the median of the rounds counts.
 */
export async function compare(benchmark: Comparison): Promise<Pick<Reading, 'of' | 'series'>> {
  const { clock = 'cpu', rounds = ROUNDS, collection = 'minor' } = benchmark
  const { warmUpMs = WARM_UP_MS } = benchmark
  await using resources = new AsyncDisposableStack()
  const contenders: Contender[] = []
  for (const each of await benchmark.cases(resources)) {
    contenders.push(await warmUp(each, warmUpMs))
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const each of round % 2 === 0 ? contenders : contenders.toReversed()) {
      await takeTurn(each, collection)
    }
  }
  const what = clock === 'cpu' ? 'processor time' : 'time'
  const series = contenders.map(({ name, samples }): Series => {
    return { name, unit: 'µs', values: samples.map((sample) => sample[clock]) }
  })
  const compared = benchmark.bars.map((bar) => comparedBy(bar, contenders, clock))
  return { of: `${what} per ${benchmark.operation}`, series: [...series, ...compared] }
}

async function warmUp(
  { name, operations, expected, run, measured = thisProcess }: Case,
  warmUpMs: number,
): Promise<Contender> {
  const checked = async (): Promise<void> => {
    deepStrictEqual(await run(), expected, `${name} gave a wrong result`)
  }
  let spent = 0
  let last = 0
  while (spent < warmUpMs * 1_000) {
    last = (await time(1, checked)).wall
    spent += last
  }
  const runs = Math.max(1, Math.ceil(TURN / last))
  return { name, runs, operations, samples: [], run: checked, measured }
}

async function takeTurn(
  { run, runs, operations, samples, measured }: Contender,
  collection: 'minor' | 'major',
): Promise<void> {
  await measured.collect(collection)
  // Whatever ran before, the caches are warm for this one then.
  if (runs > 1) await run()
  const { wall, cpu } = await time(runs, run, measured)
  const count = runs * operations
  samples.push({ wall: wall / count, cpu: cpu / count })
}

function comparedBy(bar: Bar, contenders: readonly Contender[], clock: ClockName): Series {
  const ours = samplesOf(bar.of, contenders)
  const theirs = samplesOf(bar.against, contenders)
  const inRounds = (combine: (ours: Elapsed, theirs: Elapsed) => number): number[] =>
    ours.map((sample, round) => combine(sample, theirs[round] as Elapsed))
  const promised = { name: nameOf(bar), bound: boundOf(bar) }
  if ('addedMicrosecondsAtMost' in bar) {
    return { ...promised, unit: 'µs', values: inRounds((one, other) => one.cpu - other.cpu) }
  }
  const inTime = (one: Elapsed, other: Elapsed): number => one[clock] / other[clock]
  const inRate = (one: Elapsed, other: Elapsed): number => inTime(other, one)
  return { ...promised, unit: '×', values: inRounds('atLeast' in bar ? inRate : inTime) }
}

function samplesOf(name: string, contenders: readonly Contender[]): readonly Elapsed[] {
  const found = contenders.find((each) => each.name === name)
  if (found === undefined) throw new TypeError(`Expected a case named "${name}"`)
  return found.samples
}
