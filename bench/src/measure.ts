import type { Figure, Measurement } from './benchmark.ts'
import type { Reading, Series } from './result.ts'
import { collectGarbage } from './stopwatch.ts'

/** Measures once; there are several processes. */
export async function measure(benchmark: Measurement): Promise<Pick<Reading, 'series'>> {
  await using resources = new AsyncDisposableStack()
  collectGarbage()
  const figures = await benchmark.measure(resources)
  return { series: figures.map(seriesOf) }
}

function seriesOf({ name, unit, value, atMost, atLeast }: Figure): Series {
  const series = { name, unit, values: [value] }
  if (atMost !== undefined) return { ...series, bound: { sense: 'at most', value: atMost } }
  if (atLeast !== undefined) return { ...series, bound: { sense: 'at least', value: atLeast } }
  return series
}
