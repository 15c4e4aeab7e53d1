import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Benchmark, Figure } from '../benchmark.ts'
import { bundled } from '../bundled.ts'
import { startPeer } from '../peer.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { OBJECT_BYTES } from './object.ts'
import { startStore } from './store.ts'

const LARGE_BYTES = 16 * OBJECT_BYTES
const MIB = 1_024 ** 2

/** What is uploaded, from where, and how many bytes of it. */
const UPLOADS = [
  ['256 MiB from a file', 'file', OBJECT_BYTES],
  ['4 GiB from a file', 'file', LARGE_BYTES],
  ['256 MiB from a stream', 'stream', OBJECT_BYTES],
  ['4 GiB from a stream', 'stream', LARGE_BYTES],
] as const

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'the most memory of a process that uploads in parts of 8 MiB, four at once',
  bars: Object.fromEntries(UPLOADS.map(([name]) => [name, { atMost: 150 }])),
  async measure(resources) {
    const program = await bundled(join(import.meta.dirname, 'upload-once.ts'), resources)
    const folder = await temporaryFolder(resources)
    const { origin } = await startStore(resources)
    const path = join(folder, 'object')
    await writeFile(path, '')
    const figures: Figure[] = []
    let before = 0
    for (const [name, from, bytes] of UPLOADS) {
      if (from === 'file') await truncate(path, bytes)
      const source = from === 'file' ? path : from
      await using peer = startPeer(program, [origin, source, String(bytes)])
      const report = (await peer.next()) as { readonly before: number; readonly peak: number }
      before = report.before
      figures.push({ name, value: report.peak / MIB, unit: 'MiB' })
    }
    return [...figures, { name: 'before it begins', value: before / MIB, unit: 'MiB' }]
  },
}
