import type { Bar, Benchmark, FigureBar } from './benchmark.ts'

/** What is promised of a figure. */
export interface Bound {
  readonly sense: 'at most' | 'at least'
  readonly value: number
}

/** The name of the figure that a bar of a comparison is held against. */
export function nameOf(bar: Bar): string {
  if ('addedMicrosecondsAtMost' in bar) return `${bar.of} − ${bar.against}, processor time`
  const compared = `${bar.of} / ${bar.against}`
  return 'atLeast' in bar ? `${compared}, operations a second` : compared
}

/** What a bar promises. */
export function boundOf(bar: Bar | FigureBar): Bound {
  if ('addedMicrosecondsAtMost' in bar) {
    return { sense: 'at most', value: bar.addedMicrosecondsAtMost }
  }
  if ('atLeast' in bar) return { sense: 'at least', value: bar.atLeast }
  return { sense: 'at most', value: bar.atMost }
}

/** All that a benchmark promises, by the name of the figure. */
export function boundsOf(benchmark: Benchmark): ReadonlyMap<string, Bound> {
  if (benchmark.kind === 'comparison') {
    return new Map(benchmark.bars.map((bar) => [nameOf(bar), boundOf(bar)]))
  }
  return new Map(Object.entries(benchmark.bars).map(([name, bar]) => [name, boundOf(bar)]))
}
