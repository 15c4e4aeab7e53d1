import { mapConcurrent } from '@yuzuru/concurrency/tasks'
import { type Permit } from '@yuzuru/concurrency/sync'
import { createHasher, crcKindOf } from '../store/checksum.ts'
import { combineCrc, type CrcPart } from '../store/combine-crc.ts'
import type { ChunkSink, DownloadBody, DownloadBodyInit } from './download-body.ts'
import {
  askedRange,
  type ExpectedChecksum,
  expectedChecksum,
  expectMatch,
} from './expected-checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { ClosedRange } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { ObjectRange } from './object-range.ts'
import type { StorageContext } from '../store/storage-context.ts'

export interface ParallelBodyInit extends DownloadBodyInit {
  /** How many ranges are requested at once. */
  readonly parallel: number
}

/** A body that comes in ranges, several at once, each over a connection of its own. */
export class ParallelBody implements DownloadBody {
  readonly info: ObjectInfo
  readonly length: number
  readonly #context: StorageContext
  readonly #subject: ObjectCall
  readonly #start: number
  readonly #parallel: number
  readonly #expected: ExpectedChecksum | undefined
  readonly #permit: Permit | undefined

  constructor(context: StorageContext, info: ObjectInfo, init: ParallelBodyInit) {
    this.info = info
    this.#context = context
    this.#subject = { operation: 'download', key: info.key }
    this.#parallel = init.parallel
    this.#permit = init.permit
    if (init.range !== undefined && init.range.start >= info.bytes) {
      throw failure(this.#subject, 'range_not_satisfiable', { outcome: 'none' })
    }
    const asked = askedRange(info, init.range)
    this.#start = asked.start
    this.length = asked.end - asked.start + 1
    this.#expected = expectedChecksum(this.#subject, info, asked, init.verify)
  }

  /** No connection is held while the body is not being read. */
  cancel(): Promise<void> {
    this.#permit?.release()
    return Promise.resolve()
  }

  /** In order. Each range is read to its end, so that a slow reader holds memory but no connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const expected = this.#expected
    const hasher = expected && (await createHasher(expected.algorithm))
    let left = this.length
    if (left === 0) expectMatch(this.#subject, expected, hasher?.digest())
    for await (const chunks of this.#each((range) => this.#collect(range))) {
      for (const chunk of chunks) {
        left -= chunk.byteLength
        hasher?.update(chunk)
        if (left === 0) expectMatch(this.#subject, expected, hasher?.digest())
        yield chunk
      }
    }
  }

  /** In the order in which chunks arrive, each with its position. */
  async writeTo(sink: ChunkSink): Promise<void> {
    const expected = this.#expected
    const kind = expected && crcKindOf(expected.algorithm)
    if (expected === undefined || kind !== undefined) {
      const copy = (range: ClosedRange): Promise<CrcPart> => this.#copy(range, sink)
      const parts = await Array.fromAsync(this.#each(copy))
      if (kind !== undefined) expectMatch(this.#subject, expected, combineCrc(kind, parts))
      return
    }
    // Other digests need the bytes in order.
    let position = 0
    for await (const part of this) {
      await sink(part, position)
      position += part.byteLength
    }
  }

  async *#each<T>(fn: (range: ClosedRange) => Promise<T>): AsyncGenerator<Awaited<T>> {
    const options = { concurrency: this.#parallel, name: 'storage.download' }
    try {
      yield* mapConcurrent(this.#ranges(), fn, options)
    } catch (error) {
      // The others most likely failed for the same reason.
      throw error instanceof AggregateError ? error.errors[0] : error
    } finally {
      this.#permit?.release()
    }
  }

  *#ranges(): Generator<ClosedRange, void, undefined> {
    const { partBytes } = this.#context
    const last = this.#start + this.length - 1
    for (let start = this.#start; start <= last; start += partBytes) {
      yield { start, end: Math.min(start + partBytes - 1, last) }
    }
  }

  /** The chunks of a range as they arrived. Joining them would cost a copy. */
  async #collect(range: ClosedRange): Promise<readonly Uint8Array[]> {
    const chunks: Uint8Array[] = []
    await new ObjectRange(this.#context, this.info, range).readAll(
      (chunk) => void chunks.push(chunk),
    )
    return chunks
  }

  async #copy(range: ClosedRange, sink: ChunkSink): Promise<CrcPart> {
    const chunks = new ObjectRange(this.#context, this.info, range)
    const hasher = this.#expected && (await createHasher(this.#expected.algorithm))
    let position = range.start - this.#start
    await chunks.readAll((chunk) => {
      hasher?.update(chunk)
      const at = position
      position += chunk.byteLength
      return sink(chunk, at)
    })
    return { digest: hasher?.digest() ?? Buffer.alloc(0), size: chunks.length }
  }
}
