import { createHasher } from './checksum.ts'
import {
  askedRange,
  type ExpectedChecksum,
  expectedChecksum,
  expectMatch,
} from './expected-checksum.ts'
import type { Subject } from './failure.ts'
import type { ByteRange, Incoming } from './object-backend.ts'
import type { ObjectInfo } from './object-info.ts'
import { ObjectRange, wrongRange } from './object-range.ts'
import type { StorageContext } from './storage-context.ts'

export interface DownloadBodyInit {
  readonly range: ByteRange | undefined
  readonly verify: boolean | 'required'
}

/** Takes a chunk and where in the range it belongs. */
export type ChunkSink = (chunk: Uint8Array, position: number) => void | Promise<void>

/** The bytes of a download, in order or each chunk with its place; it can be read once. */
export interface DownloadBody extends AsyncIterable<Uint8Array> {
  readonly info: ObjectInfo
  /** How many bytes there are to come. */
  readonly length: number
  /** Hands every chunk to a sink. When it resolves the bytes have been verified. */
  writeTo(sink: ChunkSink): Promise<void>
  /** Frees what it holds. */
  cancel(): Promise<void>
}

/** A body that comes over one connection, and is held against its checksum as it passes. */
export class SingleBody implements DownloadBody {
  readonly info: ObjectInfo
  readonly length: number
  readonly #subject: Subject
  readonly #range: ObjectRange
  readonly #expected: ExpectedChecksum | undefined

  constructor(context: StorageContext, incoming: Incoming, { range, verify }: DownloadBodyInit) {
    const { info } = incoming
    const asked = askedRange(info, range)
    const got = incoming.range ?? { start: 0, end: info.bytes - 1 }
    this.info = info
    this.#subject = { operation: 'download', key: info.key }
    this.#range = new ObjectRange(context, info, asked, incoming.body[Symbol.asyncIterator]())
    this.length = this.#range.length
    try {
      if (got.start !== asked.start || got.end !== asked.end) throw wrongRange(this.#subject)
      this.#expected = expectedChecksum(this.#subject, info, asked, verify)
    } catch (error) {
      void this.cancel()
      throw error
    }
  }

  async cancel(): Promise<void> {
    await this.#range.cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const expected = this.#expected
    const hasher = expected && createHasher(expected.algorithm)
    let left = this.length
    if (left === 0) expectMatch(this.#subject, expected, hasher?.digest())
    for await (const chunk of this.#range) {
      left -= chunk.byteLength
      hasher?.update(chunk)
      // Before the last piece is handed out.
      if (left === 0) expectMatch(this.#subject, expected, hasher?.digest())
      yield chunk
    }
  }

  async writeTo(sink: ChunkSink): Promise<void> {
    let position = 0
    for await (const chunk of this) {
      await sink(chunk, position)
      position += chunk.byteLength
    }
  }
}
