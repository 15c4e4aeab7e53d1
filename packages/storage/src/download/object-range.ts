import { currentSignal, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { backoff } from '@yuzuru/concurrency/boundary'
import { wrongRange } from '../store/content-range.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { ClosedRange } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { StorageError } from '../store/storage-error.ts'
import { callStore, type StorageContext, translated } from '../store/storage-context.ts'

/** How many attempts in a row may fail without receiving a byte. */
const FRUITLESS_ATTEMPTS = 4

const delayMs = backoff({ baseDelayMs: 400 })

/**
 * A range of one version of an object. It is requested when it is read, and the rest of it again after a
 * lost connection, pinned to the version's ETag. An answer with another range is refused.
 */
export class ObjectRange implements AsyncIterable<Uint8Array> {
  readonly length: number
  readonly #context: StorageContext
  readonly #info: ObjectInfo
  readonly #subject: ObjectCall
  readonly #start: number
  #source: AsyncIterator<Uint8Array> | undefined
  #received = 0
  #fruitless = 0

  /** @param source its bytes, if they were requested already */
  constructor(
    context: StorageContext,
    info: ObjectInfo,
    { start, end }: ClosedRange,
    source?: AsyncIterator<Uint8Array>,
  ) {
    this.#context = context
    this.#info = info
    this.#subject = { operation: 'download', key: info.key }
    this.#start = start
    this.length = end - start + 1
    this.#source = source
  }

  /** Releases the connection. */
  async cancel(): Promise<void> {
    const source = this.#source
    this.#source = undefined
    await source?.return?.().catch(() => undefined)
  }

  /** The next bytes; `undefined` at the end. A reader that stops before it cancels. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#received < this.length) {
      let result: IteratorResult<Uint8Array, unknown>
      try {
        this.#source ??= await this.#ask()
        result = await this.#source.next()
        if (result.done === true) {
          throw failure(this.#subject, 'connection_lost', { outcome: 'none' })
        }
      } catch (error) {
        await this.#recover(error)
        continue
      }
      this.#fruitless = 0
      this.#received += result.value.byteLength
      if (this.#received <= this.length) return result.value
      await this.cancel()
      throw wrongRange(this.#subject)
    }
    await this.cancel()
    return undefined
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined, undefined> {
    return {
      next: async () => {
        const value = await this.read()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        await this.cancel()
        return { done: true, value: undefined }
      },
    }
  }

  /** Passes each chunk to `take` and awaits the result. */
  async readAll(take: (chunk: Uint8Array) => void | Promise<void>): Promise<void> {
    try {
      for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) {
        const taken = take(chunk)
        if (taken !== undefined) await taken
      }
    } finally {
      await this.cancel()
    }
  }

  /** After a failure: waits until it may try again, or throws. */
  async #recover(error: unknown): Promise<void> {
    throwIfCancelled()
    await this.cancel()
    const failed = translated(this.#context, this.#subject, 'read', error)
    this.#fruitless += 1
    const again = StorageError.isInstance(failed) && failed.retryable
    if (!again || this.#fruitless > FRUITLESS_ATTEMPTS) throw failed
    // No wait the first time: a connection may just have broken.
    if (this.#fruitless > 1) await sleep(delayMs(this.#fruitless - 1))
  }

  async #ask(): Promise<AsyncIterator<Uint8Array>> {
    const { key, etag } = this.#info
    const start = this.#start + this.#received
    const range = { start, end: this.#start + this.length - 1 }
    const options = { signal: currentSignal() }
    const incoming = await callStore(this.#context, this.#subject, 'read', options, (signal) =>
      this.#context.backend.get(key, { range, ifMatch: etag }, signal),
    )
    const source = incoming.body[Symbol.asyncIterator]()
    const { range: got } = incoming
    // An answer of 200 would begin at the first byte again.
    const isIt = got?.start === range.start && got.end === range.end
    if (isIt && got.total === this.#info.bytes && incoming.info.etag === etag) return source
    await source.return?.()
    throw wrongRange(this.#subject)
  }
}
