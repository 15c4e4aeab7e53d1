import type { Subject } from './failure.ts'
import { failure } from './failure.ts'
import type { PartBuffers } from './part-buffers.ts'
import type { OpenBody } from './upload-body.ts'

/** Cuts a body into parts. Ends its source when it is closed, also one that is stuck. */
export class PartReader {
  readonly #body: OpenBody
  readonly #subject: Subject
  readonly #buffers: PartBuffers
  #iterator: AsyncIterator<Uint8Array | string> | undefined = undefined
  #rest: Uint8Array | undefined = undefined
  #ended = false
  #read = 0

  constructor(body: OpenBody, subject: Subject, buffers: PartBuffers) {
    this.#body = body
    this.#buffers = buffers
    this.#subject = subject
  }

  /** How many bytes it has handed out. */
  get bytesRead(): number {
    return this.#read
  }

  /**
   * The next `size` bytes, fewer at the end, none after it.
   *
   * @param signal ends the wait for a source that does not answer
   */
  async next(size: number, signal: AbortSignal): Promise<Uint8Array> {
    const { whole } = this.#body
    if (whole !== undefined) {
      const part = whole.subarray(this.#read, this.#read + size)
      this.#read += part.byteLength
      return part
    }
    // Only what is written to takes memory, so a short body does not pay for a long part.
    let part: Buffer | undefined
    let filled = 0
    while (filled < size) {
      const chunk = this.#rest ?? (await this.#pull(signal))
      if (chunk === undefined) break
      part ??= this.#buffers.take(size)
      const taken = Math.min(chunk.byteLength, size - filled)
      part.set(taken === chunk.byteLength ? chunk : chunk.subarray(0, taken), filled)
      this.#rest = taken === chunk.byteLength ? undefined : chunk.subarray(taken)
      filled += taken
    }
    this.#read += filled
    this.#expectLength()
    return part === undefined ? new Uint8Array() : part.subarray(0, filled)
  }

  /** Whether nothing is left. Waits for the source where that is not known yet. */
  async atEnd(signal: AbortSignal): Promise<boolean> {
    if (this.#body.whole !== undefined) return this.#read >= this.#body.whole.byteLength
    this.#rest ??= await this.#pull(signal)
    this.#expectLength()
    return this.#rest === undefined
  }

  /** Ends the source. A generator that is stuck in an await of its own ends when that does. */
  close(reason: unknown): void {
    this.#rest = undefined
    if (this.#iterator === undefined) this.#body.discard(reason)
    else if (!this.#ended) {
      this.#iterator.return?.().catch(() => undefined)
      this.#body.discard(reason)
    }
    this.#ended = true
  }

  /** The next bytes that are not empty; `undefined` at the end. */
  async #pull(signal: AbortSignal): Promise<Uint8Array | undefined> {
    while (!this.#ended) {
      signal.throwIfAborted()
      const result = await this.#step(signal)
      if (result.done === true) {
        this.#ended = true
        break
      }
      const bytes = typeof result.value === 'string' ? Buffer.from(result.value) : result.value
      if (!(bytes instanceof Uint8Array)) {
        throw new TypeError(`Expected the body to yield bytes or strings, got a ${typeof bytes}`)
      }
      if (bytes.byteLength > 0) return bytes
    }
    return undefined
  }

  async #step(signal: AbortSignal): Promise<IteratorResult<Uint8Array | string, unknown>> {
    try {
      this.#iterator ??= this.#body.open()
      return await orAborted(this.#iterator.next(), signal)
    } catch (cause) {
      signal.throwIfAborted()
      this.#ended = true
      throw failure(this.#subject, 'source_failed', { outcome: 'none', cause })
    }
  }

  #expectLength(): void {
    const { length } = this.#body
    const known = this.#read + (this.#rest?.byteLength ?? 0)
    if (length === undefined || known === length || (known < length && !this.#ended)) return
    const told = `the source was to have ${length} bytes and had ${known > length ? 'more' : known}; nothing was stored`
    throw failure(this.#subject, 'source_failed', { outcome: 'none', told })
  }
}

/** The promise, or the reason of the signal if that is first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
