import type { Measurement } from './benchmark.ts'
import type { Reading, Series } from './result.ts'
import { collectGarbage } from './stopwatch.ts'

/** Measures once; there are several processes. */
export async function measure(benchmark: Measurement): Promise<Pick<Reading, 'series'>> {
  await using resources = new AsyncDisposableStack()
  collectGarbage()
  const figures = await benchmark.measure(resources)
  return {
    series: figures.map(({ name, unit, value, atMost }): Series =>
      atMost === undefined
        ? { name, unit, values: [value] }
        : { name, unit, values: [value], bound: { sense: 'at most', value: atMost } },
    ),
  }
}
