import { Readable } from 'node:stream'
import { type IoOptions } from '@yuzuru/concurrency'
import { expected, expectInteger, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { type Permit } from '@yuzuru/concurrency/sync'
import { type DownloadBody, SingleBody } from './download-body.ts'
import { askedRange, expectedChecksum } from './expected-checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { ByteRange } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { expectKey } from '../store/object-key.ts'
import { ObjectRange } from './object-range.ts'
import { ParallelBody } from './parallel-body.ts'
import { type ResumableBytes, saveResumable } from './resume-file.ts'
import { saveFile } from './save-file.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { expectEtag } from '../upload/write-options.ts'

/** Options of {@link Storage.download}. */
export interface DownloadOptions extends IoOptions {
  /**
   * The first and last byte, counted from 0, both included. A part of an object cannot be verified by its
   * checksum.
   *
   * @default the whole object
   */
  readonly range?: ByteRange | undefined
  /** Only if the object has this ETag; otherwise `'precondition_failed'`. @default any */
  readonly ifMatch?: string | undefined
  /**
   * Whether the bytes are verified against the object's checksum. `true` does so when there is one that can
   * be computed; `'required'` fails with `'unsupported'` when there is none.
   *
   * @default true
   */
  readonly verify?: boolean | 'required' | undefined
  /**
   * How many ranges of the object to ask for at once, each over a connection of its own: 1 to 64. More
   * than one costs a HEAD before them. Ranges have the storage's `partSizeBytes`; `body` and `readable()`
   * hold up to `parallel + 1` of them in memory, `saveTo` and `bytes()` write each chunk to its place.
   *
   * @default 1
   */
  readonly parallel?: number | undefined
}

/** Options for reading a whole body. */
export interface ReadOptions extends IoOptions {
  /** The most bytes to read into memory; a larger body is `'too_large'`. @default 256 MiB */
  readonly maxBytes?: number | undefined
}

/** Options for writing a body to a file. */
export interface SaveOptions extends IoOptions {
  /**
   * Keeps what has arrived when it fails or its process dies, next to the file (`.NAME.….part`), and
   * continues from there the next time, also in another process, if the object is still the same version.
   * Only one download to a path may run at a time. What was kept is read back, so the checksum covers all
   * of it.
   *
   * @default false: nothing is left when it fails
   */
  readonly resume?: boolean | undefined
}

const MAX_BYTES = 256 * 1_024 ** 2

/**
 * An object that is being downloaded: its metadata has arrived, its bytes arrive as they are read. Read it
 * once, in one of the ways, or dispose of it, so that its connection becomes free.
 */
export class Download implements AsyncDisposable {
  readonly info: ObjectInfo
  /** How many bytes are to come. */
  readonly bytesExpected: number
  readonly #context: StorageContext
  readonly #body: DownloadBody
  readonly #how: HowToRead
  #taken = false

  constructor(context: StorageContext, body: DownloadBody, how: HowToRead) {
    this.#context = context
    this.#body = body
    this.#how = how
    this.info = body.info
    this.bytesExpected = body.length
  }

  /**
   * The bytes, chunk by chunk, in the scope of their reader. After a lost connection they continue where
   * they stopped. The loop throws at its end if the checksum does not match, so do not trust the bytes
   * before that.
   */
  get body(): AsyncIterable<Uint8Array> {
    return this.#take()
  }

  /** The body as a Node stream. */
  readable(): Readable {
    return Readable.from(this.#take(), { objectMode: false })
  }

  /**
   * All bytes, verified.
   *
   * @throws {StorageError} `'too_large'` before anything is read
   */
  async bytes(options: ReadOptions = {}): Promise<Uint8Array> {
    expectOptions(options, ['maxBytes', 'signal', 'timeoutMs'], 'download.bytes')
    const { maxBytes = MAX_BYTES } = options
    expectInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER)
    const { key } = this.info
    const subject = { operation: 'download', key }
    if (this.bytesExpected > maxBytes) {
      await this[Symbol.asyncDispose]()
      const detail = `it has ${this.bytesExpected} bytes, more than the ${maxBytes} of "maxBytes"; read "body" or "saveTo" a file`
      throw failure(subject, 'too_large', { outcome: 'none', detail })
    }
    const read = async (signal: AbortSignal): Promise<Uint8Array> => {
      const all = Buffer.allocUnsafeSlow(this.bytesExpected)
      await this.#take().writeTo((chunk, position) => all.set(chunk, position))
      signal.throwIfAborted()
      return all
    }
    try {
      return await callStore(this.#context, subject, 'read', options, read)
    } finally {
      await this.#body.cancel()
    }
  }

  /** All bytes as text (UTF-8; a byte order mark is left out), verified. @throws {StorageError} as `bytes` does */
  async text(options?: ReadOptions): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options))
  }

  /**
   * Writes it to a file, first under a temporary name in the same folder, so that `path` is either what it
   * was before or the whole verified object, flushed to disk. The folder must exist.
   */
  async saveTo(path: string, options: SaveOptions = {}): Promise<void> {
    if (typeof path !== 'string' || path === '') {
      throw expected('path to be a path', path)
    }
    expectOptions(options, ['resume', 'signal', 'timeoutMs'], 'download.saveTo')
    const { resume = false } = options
    if (typeof resume !== 'boolean') {
      throw expected('resume to be a boolean', resume)
    }
    const subject = { operation: 'download', key: this.info.key }
    try {
      await callStore(this.#context, subject, 'read', options, async () => {
        if (resume) await saveResumable(subject, path, this.#resumable(subject))
        else await saveFile(subject, path, (write) => this.#take().writeTo(write))
      })
    } finally {
      await this.#body.cancel()
    }
  }

  /** Discards what was not read, and releases the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#taken = true
    await this.#body.cancel()
  }

  #resumable(subject: ObjectCall): ResumableBytes {
    const { info } = this
    const { range, verify, parallel } = this.#how
    const context = this.#context
    const asked = askedRange(info, range)
    const { start, end } = asked
    const from = async (offset: number): Promise<AsyncIterable<Uint8Array>> => {
      const body = this.#take()
      if (offset === 0) return body
      await body.cancel()
      const rest = { start: start + offset, end }
      if (parallel === 1 || rest.start > end) return new ObjectRange(context, info, rest)
      const how = { range: rest, verify: false, parallel, permit: undefined }
      return new ParallelBody(context, info, how)
    }
    return {
      identity: [context.backend.bucket, info.key, info.etag, start, end],
      length: this.bytesExpected,
      expected: expectedChecksum(subject, info, asked, verify),
      from,
    }
  }

  #take(): DownloadBody {
    if (this.#taken)
      throw new TypeError('Expected a download that was not read yet, got one that was')
    this.#taken = true
    return this.#body
  }
}

/** The options of a download that are used when it is read. */
interface HowToRead {
  readonly range: ByteRange | undefined
  readonly verify: boolean | 'required'
  readonly parallel: number
}

/** Begins a download. Resolves when the object's metadata has arrived. */
export async function download(
  context: StorageContext,
  key: string,
  options: DownloadOptions = {},
): Promise<Download> {
  expectKey(key)
  expectObject('options', options)
  const { range, ifMatch, verify = true, parallel = 1 } = options
  expectInteger('parallel', parallel, 1, 64)
  if (range !== undefined) expectRange(range)
  if (ifMatch !== undefined) expectEtag('ifMatch', ifMatch)
  if (verify !== true && verify !== false && verify !== 'required') {
    throw expected("verify to be a boolean or 'required'", verify)
  }
  if (verify === 'required' && range !== undefined) {
    throw new TypeError("Expected verify: 'required' without a range: a checksum covers the whole")
  }
  const subject = { operation: 'download', key }
  return await callStore(context, subject, 'read', options, async (signal, _progress, within) => {
    // The call is under way until the body was read.
    const permit = context.life.keep()
    const how = { range, verify, parallel, permit }
    try {
      const body = await openBody(within, subject, { ...how, key, ifMatch }, signal)
      return new Download(within, body, how)
    } catch (error) {
      permit.release()
      throw error
    }
  })
}

async function openBody(
  context: StorageContext,
  subject: ObjectCall,
  what: HowToRead & {
    readonly key: string
    readonly ifMatch: string | undefined
    readonly permit: Permit
  },
  signal: AbortSignal,
): Promise<DownloadBody> {
  const { key, range, ifMatch } = what
  if (what.parallel === 1) {
    const incoming = await context.backend.get(key, { range, ifMatch }, signal)
    return new SingleBody(context, incoming, what)
  }
  const info = await context.backend.head(key, signal)
  // The ranges are pinned to the version of this answer.
  if (ifMatch !== undefined && bare(ifMatch) !== info.etag) {
    throw failure(subject, 'precondition_failed', { outcome: 'none' })
  }
  return new ParallelBody(context, info, what)
}

function bare(etag: string): string {
  return etag.replaceAll('"', '')
}

function expectRange(range: ByteRange): void {
  expectObject('range', range)
  const { start, end = Number.MAX_SAFE_INTEGER } = range
  expectInteger('range.start', start, 0, Number.MAX_SAFE_INTEGER)
  expectInteger('range.end', end, start, Number.MAX_SAFE_INTEGER)
}
