import { boundOf } from './bars.ts'
import type { Figure, FigureBar, Measurement } from './benchmark.ts'
import type { Reading, Series } from './result.ts'
import { collectGarbage } from './stopwatch.ts'

/** Measures once; there are several processes. Throws when a bar names no figure. */
export async function measure(benchmark: Measurement): Promise<Pick<Reading, 'series'>> {
  await using resources = new AsyncDisposableStack()
  collectGarbage()
  const figures = await benchmark.measure(resources)
  const missing = Object.keys(benchmark.bars).filter(
    (bar) => !figures.some(({ name }) => name === bar),
  )
  if (figures.length > 0 && missing.length > 0) {
    throw new TypeError(`Expected figures named ${missing.map((name) => `"${name}"`).join(', ')}`)
  }
  return { series: figures.map((figure) => seriesOf(figure, benchmark.bars[figure.name])) }
}

function seriesOf({ name, unit, value }: Figure, bar: FigureBar | undefined): Series {
  const series = { name, unit, values: [value] }
  if (bar === undefined) return series
  return { ...series, bound: boundOf(bar) }
}
