import { gather, sleep } from '@yuzuru/concurrency'
import type { Benchmark } from '../benchmark.ts'

const WAITS = 100

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: '100 waits of a second each, together',
  bars: {
    'all of them': { atMost: 1.02 },
  },
  async measure() {
    const before = performance.now()
    await gather(Array.from({ length: WAITS }, () => () => sleep(1_000)))
    const value = (performance.now() - before) / 1_000
    if (value < 1) throw new Error(`A second was over after ${value} s`)
    return [{ name: 'all of them', value, unit: 's' }]
  },
}
