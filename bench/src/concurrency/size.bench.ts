import { bundleSize } from '@yuzuru/tooling/bundle-size'
import type { Benchmark } from '../benchmark.ts'

async function kilobytesOf(source: string): Promise<number> {
  return (await bundleSize(source, import.meta.dirname)) / 1_000
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'what the package adds to a bundle, minified and gzipped',
  bars: {
    'all of the core entry': { atMost: 12 },
    'sleep alone': { atMost: 3 },
  },
  async measure() {
    const all = await kilobytesOf("export * from '@yuzuru/concurrency'")
    const sleep = await kilobytesOf("export { sleep } from '@yuzuru/concurrency'")
    if (sleep >= all) throw new Error('Nothing was left out')
    return [
      { name: 'all of the core entry', value: all, unit: 'kB' },
      { name: 'sleep alone', value: sleep, unit: 'kB' },
    ]
  },
}
