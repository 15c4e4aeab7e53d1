import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Benchmark, Figure } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { OBJECT_BYTES } from './object.ts'
import { startStore } from './store.ts'
import { temporaryFolder } from './upload.ts'

const LARGE_BYTES = 16 * OBJECT_BYTES
const MIB = 1_024 ** 2

/** The SDK has parts in CommonJS. */
const banner = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)`

/** The program as a user would run it: as JavaScript, for to strip types takes memory too. */
async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, 'upload-once.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'upload-once.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: banner },
  })
  return pathToFileURL(outfile).href
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'the most memory of a process that uploads in parts of 8 MiB, four at once',
  async measure(resources) {
    const folder = await temporaryFolder(resources)
    const program = await bundled(folder)
    const { origin } = await startStore(resources)
    const path = join(folder, 'object')
    await writeFile(path, '')
    const figures: Figure[] = []
    const uploads = [
      ['256 MiB from a file', path, OBJECT_BYTES],
      ['4 GiB from a file', path, LARGE_BYTES],
      ['256 MiB from a stream', 'stream', OBJECT_BYTES],
      ['4 GiB from a stream', 'stream', LARGE_BYTES],
    ] as const
    let before = 0
    for (const [name, from, bytes] of uploads) {
      if (from === path) await truncate(path, bytes)
      await using peer = startPeer(program, [origin, from, String(bytes)])
      const report = (await peer.next()) as { readonly before: number; readonly peak: number }
      before = report.before
      figures.push({ name, value: report.peak / MIB, unit: 'MiB', atMost: 150 })
    }
    return [...figures, { name: 'before it begins', value: before / MIB, unit: 'MiB' }]
  },
}
