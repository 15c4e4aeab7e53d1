import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Upload } from '@aws-sdk/lib-storage'
import type { UploadBody } from '@yuzuru/storage'
import type { Comparison } from '../benchmark.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { OBJECT_BYTES, patternedChunk } from './object.ts'
import { bucket, startStore } from './store.ts'

interface Sources {
  readonly ours: () => UploadBody
  readonly theirs: () => Readable
}

/** Our upload against lib-storage's, both with parts of the same size and as many at once. */
export function uploadComparison(
  title: string,
  sources: (resources: AsyncDisposableStack) => Sources | Promise<Sources>,
): Comparison {
  return {
    kind: 'comparison',
    title,
    operation: 'upload',
    clock: 'wall',
    rounds: 5,
    bars: [{ of: 'upload', against: 'lib-storage Upload', atLeast: 2 }],
    async cases(resources) {
      const { ours, theirs } = await sources(resources)
      const { storage, client, stored } = await startStore(resources)
      const common = { operations: 1, expected: OBJECT_BYTES }
      return [
        {
          ...common,
          name: 'upload',
          async run() {
            const { bytes } = await storage.upload('key', ours())
            return bytes === OBJECT_BYTES ? await stored() : bytes
          },
        },
        {
          ...common,
          name: 'lib-storage Upload',
          async run() {
            const params = { Bucket: bucket, Key: 'key', Body: theirs() }
            const size = { partSize: 8 * 1_024 ** 2, queueSize: 4 }
            await new Upload({ client, params, ...size }).done()
            return await stored()
          },
        },
      ]
    },
  }
}

/** A file of so many bytes, for as long as the resources last. */
export async function fileOf(bytes: number, resources: AsyncDisposableStack): Promise<string> {
  const path = join(await temporaryFolder(resources), 'object')
  await using file = await open(path, 'wx')
  const chunk = patternedChunk()
  for (let at = 0; at < bytes; at += chunk.byteLength) await file.write(chunk)
  return path
}
