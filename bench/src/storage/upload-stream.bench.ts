import { Readable } from 'node:stream'
import type { Benchmark } from '../benchmark.ts'
import { piecesOf } from './object.ts'
import { uploadComparison } from './upload.ts'

function stream(): Readable {
  return Readable.from(piecesOf(), { objectMode: false })
}

export const benchmark: Benchmark = uploadComparison(
  'an upload of 256 MiB from a stream of unknown length, in parts of 8 MiB, four at once',
  () => ({ ours: stream, theirs: stream }),
)
