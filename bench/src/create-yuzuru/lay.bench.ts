import { deepStrictEqual } from 'node:assert/strict'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createService } from 'create-yuzuru'
import type { Benchmark } from '../benchmark.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const choices = { name: 'my-service' }

/** What is in each of some files of a folder. */
const contentsOf = (folder: string, files: readonly string[]): Promise<string[]> =>
  Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).sort()

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a service with everything, laid into a new folder',
  operation: 'service',
  bars: [{ of: 'createService', against: 'node:fs cp of the same files', atMost: 5 }],
  async cases(resources) {
    const room = await temporaryFolder(resources)
    const original = join(room, 'original')
    const files = await createService(original, choices)
    const copied = join(room, 'copied')
    await cp(original, copied, { recursive: true })
    // Both give the same, to the byte.
    deepStrictEqual(await contentsOf(copied, files), await contentsOf(original, files))
    const expected = await namesIn(original)
    let made = 0
    const next = (): string => join(room, String((made += 1)))
    return [
      {
        name: 'createService',
        operations: 1,
        expected,
        async run() {
          const folder = next()
          await createService(folder, choices)
          return await namesIn(folder)
        },
      },
      {
        name: 'node:fs cp of the same files',
        operations: 1,
        expected,
        async run() {
          const folder = next()
          await cp(original, folder, { recursive: true })
          return await namesIn(folder)
        },
      },
    ]
  },
}
