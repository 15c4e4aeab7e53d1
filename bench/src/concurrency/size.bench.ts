import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Benchmark } from '../benchmark.ts'

/** What a bundler makes of `source` when everything but Node's own modules is bundled: minified, gzipped. */
async function kilobytesOf(source: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
  })
  const [bundle] = outputFiles
  if (bundle === undefined) throw new Error('Nothing was bundled')
  return gzipSync(bundle.contents, { level: 9 }).length / 1_000
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'what the package adds to a bundle, minified and gzipped',
  async measure() {
    const all = await kilobytesOf("export * from '@yuzuru/concurrency'")
    const sleep = await kilobytesOf("export { sleep } from '@yuzuru/concurrency'")
    if (sleep >= all) throw new Error('Nothing was left out')
    return [
      { name: 'all of the core entry', value: all, unit: 'kB', atMost: 12 },
      { name: 'sleep alone', value: sleep, unit: 'kB', atMost: 3 },
    ]
  },
}
