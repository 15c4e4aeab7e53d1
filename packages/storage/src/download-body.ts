import { currentSignal, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { createHasher, type ChecksumAlgorithm, type Hasher } from './checksum.ts'
import { failure, type Subject } from './failure.ts'
import type { ByteRange, Incoming } from './object-backend.ts'
import type { ObjectInfo } from './object-info.ts'
import { StorageError } from './storage-error.ts'
import { callStore, type StorageContext, translated } from './storage-context.ts'

/** How often in a row it goes on after a failure without having got a byte. */
const FRUITLESS_ATTEMPTS = 4

export interface DownloadBodyInit {
  readonly range: ByteRange | undefined
  readonly verify: boolean | 'required'
}

interface Expected {
  readonly algorithm: ChecksumAlgorithm
  /** In base64. */
  readonly value: string
}

/**
 * The bytes of one version of an object. Goes on with a range request after a lost connection, pinned
 * to the ETag of the first answer, and checks what comes: its length always, its checksum where it can.
 */
export class DownloadBody implements AsyncIterable<Uint8Array> {
  readonly info: ObjectInfo
  readonly length: number
  readonly #context: StorageContext
  readonly #subject: Subject
  readonly #start: number
  readonly #expected: Expected | undefined
  readonly #hasher: Hasher | undefined
  #source: AsyncIterator<Uint8Array> | undefined
  #received = 0
  #fruitless = 0

  constructor(context: StorageContext, incoming: Incoming, { range, verify }: DownloadBodyInit) {
    const { info } = incoming
    const subject = { operation: 'download', key: info.key }
    const asked = askedRange(info, range)
    const got = incoming.range ?? { start: 0, end: info.bytes - 1 }
    this.#source = incoming.body[Symbol.asyncIterator]()
    this.#context = context
    this.#subject = subject
    this.#start = asked.start
    this.info = info
    this.length = asked.end - asked.start + 1
    if (got.start !== asked.start || got.end !== asked.end) {
      void this.cancel()
      throw wrongRange(subject)
    }
    const whole = this.length === info.bytes
    this.#expected = verify !== false && whole ? expectedOf(info) : undefined
    if (verify === 'required' && this.#expected === undefined) {
      void this.cancel()
      const told = 'the object has no checksum that covers its bytes; download it without "verify"'
      throw failure(subject, 'unsupported', { outcome: 'none', told })
    }
    this.#hasher = this.#expected && createHasher(this.#expected.algorithm)
  }

  /** Frees the connection. */
  async cancel(): Promise<void> {
    const source = this.#source
    this.#source = undefined
    await source?.return?.().catch(() => undefined)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      while (this.#received < this.length) {
        const chunk = await this.#next()
        if (chunk === undefined) continue
        this.#fruitless = 0
        this.#received += chunk.byteLength
        if (this.#received > this.length) throw wrongRange(this.#subject)
        this.#hasher?.update(chunk)
        if (this.#received === this.length) this.#verify()
        yield chunk
      }
      if (this.length === 0) this.#verify()
    } finally {
      await this.cancel()
    }
  }

  /** The next bytes; `undefined` when the connection was lost and it is to be tried again. */
  async #next(): Promise<Uint8Array | undefined> {
    try {
      this.#source ??= await this.#resume()
      const result = await this.#source.next()
      if (result.done !== true) return result.value
      throw failure(this.#subject, 'connection_lost', { outcome: 'none' })
    } catch (error) {
      throwIfCancelled()
      await this.cancel()
      const failed = translated(this.#context, this.#subject, 'read', error)
      this.#fruitless += 1
      const again = StorageError.isInstance(failed) && failed.retryable
      if (!again || this.#fruitless > FRUITLESS_ATTEMPTS) throw failed
      // The first time there is no reason to wait: connections break.
      if (this.#fruitless > 1) await sleep(Math.random() * 100 * 2 ** this.#fruitless)
      return undefined
    }
  }

  async #resume(): Promise<AsyncIterator<Uint8Array>> {
    const { key, etag } = this.info
    const start = this.#start + this.#received
    const range = { start, end: this.#start + this.length - 1 }
    const options = { signal: currentSignal() }
    const incoming = await callStore(this.#context, this.#subject, 'read', options, (signal) =>
      this.#context.backend.get(key, { range, ifMatch: etag }, signal),
    )
    const source = incoming.body[Symbol.asyncIterator]()
    const { range: got } = incoming
    // 200 would begin at the first byte again.
    if (got?.start === range.start && got.end === range.end && incoming.info.etag === etag) {
      return source
    }
    await source.return?.()
    throw wrongRange(this.#subject)
  }

  #verify(): void {
    if (this.#hasher === undefined) return
    if (this.#hasher.digest().toString('base64') === this.#expected?.value) return
    throw failure(this.#subject, 'checksum_mismatch', { outcome: 'none' })
  }
}

function askedRange(info: ObjectInfo, range: ByteRange | undefined): Required<ByteRange> {
  const last = info.bytes - 1
  if (range === undefined) return { start: 0, end: last }
  return { start: range.start, end: Math.min(range.end ?? last, last) }
}

/** What the bytes can be held against: a checksum of all of them, or an ETag that is their MD5. */
function expectedOf({ checksum, etag, etagIsMd5 }: ObjectInfo): Expected | undefined {
  if (checksum?.type === 'FULL_OBJECT') return checksum
  if (!etagIsMd5) return undefined
  return { algorithm: 'MD5', value: Buffer.from(etag, 'hex').toString('base64') }
}

function wrongRange(subject: Subject): StorageError {
  const told = 'the store answered with another range than it was asked for'
  return failure(subject, 'unexpected', { outcome: 'none', told })
}
