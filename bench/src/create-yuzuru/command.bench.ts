import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Benchmark, Figure } from '../benchmark.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const run = promisify(execFile)
const command = fileURLToPath(new URL('./cli.ts', import.meta.resolve('create-yuzuru')))

async function timed(name: string, args: readonly string[]): Promise<readonly [Figure, string]> {
  const start = performance.now()
  const { stdout } = await run(process.execPath, args)
  return [{ name, value: performance.now() - start, unit: 'ms' }, stdout]
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'the command of `npm create yuzuru`, from its start to its end',
  bars: {},
  async measure(resources) {
    const room = await temporaryFolder(resources)
    // The first start of a program reads its files from the disk.
    await timed('cold', [command, join(room, 'cold'), '--yes'])
    const [ours, said] = await timed('a service laid', [command, join(room, 'warm'), '--yes'])
    if (!/^\d+ files in /.test(said)) throw new Error(`Expected a service, got ${said}`)
    const [bare] = await timed('Node alone, with an empty program', ['-e', ''])
    return [ours, bare]
  },
}
