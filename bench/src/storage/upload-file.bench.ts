import { createReadStream } from 'node:fs'
import type { Benchmark } from '../benchmark.ts'
import { OBJECT_BYTES } from './object.ts'
import { fileOf, uploadComparison } from './upload.ts'

export const benchmark: Benchmark = uploadComparison(
  'an upload of 256 MiB from a file, in parts of 8 MiB, four at once',
  async (resources) => {
    const path = await fileOf(OBJECT_BYTES, resources)
    return { ours: () => ({ path }), theirs: () => createReadStream(path) }
  },
)
