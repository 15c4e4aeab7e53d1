import type { Permit } from '@yuzuru/concurrency/sync'
import { createHasher } from '../store/checksum.ts'
import type { Hasher } from '../store/hasher.ts'
import { wrongRange } from '../store/content-range.ts'
import {
  askedRange,
  type ExpectedChecksum,
  expectedChecksum,
  expectMatch,
} from './expected-checksum.ts'
import type { ObjectCall } from '../store/failure.ts'
import type { ByteRange, Incoming } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { ObjectRange } from './object-range.ts'
import type { StorageContext } from '../store/storage-context.ts'

export interface DownloadBodyInit {
  /** Held while the body is being read; released when it was read, has failed, or was disposed of. */
  readonly permit: Permit | undefined
  readonly range: ByteRange | undefined
  readonly verify: boolean | 'required'
}

/** Takes a chunk and its position in the range. */
export type ChunkSink = (chunk: Uint8Array, position: number) => void | Promise<void>

/** The bytes of a download, in order or each chunk with its position. It can be read once. */
export interface DownloadBody extends AsyncIterable<Uint8Array> {
  readonly info: ObjectInfo
  /** How many bytes it has. */
  readonly length: number
  /** Hands every chunk to a sink. When it resolves the bytes have been verified. */
  writeTo(sink: ChunkSink): Promise<void>
  /** Releases what it holds. */
  cancel(): Promise<void>
}

/** A body that comes over one connection and is verified against its checksum on the way. */
export class SingleBody implements DownloadBody {
  readonly info: ObjectInfo
  readonly length: number
  readonly #subject: ObjectCall
  readonly #range: ObjectRange
  readonly #expected: ExpectedChecksum | undefined
  #hasher: Hasher | undefined = undefined
  readonly #permit: Permit | undefined
  #left: number
  #verified = false

  constructor(context: StorageContext, incoming: Incoming, init: DownloadBodyInit) {
    const { range, verify, permit } = init
    const { info } = incoming
    const asked = askedRange(info, range)
    const got = incoming.range ?? { start: 0, end: info.bytes - 1 }
    this.info = info
    this.#permit = permit
    this.#subject = { operation: 'download', key: info.key }
    this.#range = new ObjectRange(context, info, asked, incoming.body[Symbol.asyncIterator]())
    this.length = this.#range.length
    this.#left = this.length
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
    this.#permit?.release()
  }

  // Not a generator, which would cost time for every chunk of a few kilobytes.
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined, undefined> {
    return {
      next: async () => {
        const value = await this.#read()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        await this.cancel()
        return { done: true, value: undefined }
      },
    }
  }

  async writeTo(sink: ChunkSink): Promise<void> {
    let position = 0
    try {
      for (let chunk = await this.#read(); chunk !== undefined; chunk = await this.#read()) {
        const taken = sink(chunk, position)
        if (taken !== undefined) await taken
        position += chunk.byteLength
      }
    } finally {
      await this.cancel()
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    let chunk: Uint8Array | undefined
    if (this.#expected !== undefined) this.#hasher ??= await createHasher(this.#expected.algorithm)
    try {
      chunk = await this.#range.read()
    } catch (error) {
      await this.cancel()
      throw error
    }
    if (chunk === undefined) this.#permit?.release()
    else {
      this.#left -= chunk.byteLength
      this.#hasher?.update(chunk)
    }
    // Before the last chunk is handed out.
    if (this.#left === 0 && !this.#verified) {
      this.#verified = true
      try {
        expectMatch(this.#subject, this.#expected, this.#hasher?.digest())
      } catch (error) {
        await this.cancel()
        throw error
      }
    }
    return chunk
  }
}
