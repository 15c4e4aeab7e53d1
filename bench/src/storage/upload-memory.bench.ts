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

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'the most memory of a process that uploads in parts of 8 MiB, four at once',
  async measure(resources) {
    const program = await bundled(join(import.meta.dirname, 'upload-once.ts'), resources)
    const folder = await temporaryFolder(resources)
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
