import { checkpoint, currentSignal } from '@yuzuru/concurrency'
import { AbortGate } from '../store/abort-gate.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import type { StorageError } from '../store/storage-error.ts'
import { isOneShot } from './one-shot.ts'
import type { OpenBody } from './open-body.ts'
import { bodyOf, type UploadBody } from './upload-body.ts'

/** How much of a file is read at once, in bytes; other work has its turn in between. */
const PIECE_BYTES = 1_024 ** 2

/** After how many bytes of a source's own chunks the event loop gets a turn. */
const TURN_BYTES = 512 * 1_024

/** How much of a file is read to see whether there is more, in bytes. */
const AHEAD_BYTES = 64 * 1_024

/**
 * The bytes of an upload's body, in order. Waiting for them obeys the scope around it. Whoever makes it
 * opens it once and closes it, which also ends a body's source that is stuck. (A generator that is stuck in
 * its own await ends when that does.)
 */
export class UploadSource {
  /** Whether the body can be read only once: another upload of it would find it empty. */
  readonly isOneShot: boolean
  readonly #body: OpenBody
  readonly #subject: ObjectCall
  readonly #maxBytes: number
  readonly #gate: AbortGate = new AbortGate()
  #length: number | undefined = undefined
  #iterator: AsyncIterator<Uint8Array | string> | undefined = undefined
  /** Bytes that were read and not taken yet. */
  #rest: Uint8Array | undefined = undefined
  #ahead: Buffer | undefined = undefined
  #taken = 0
  #sinceTurn = 0
  #ended = false

  /**
   * @param maxBytes the most bytes that it may have; more are `'too_large'`
   * @throws {TypeError} unless `body` is one, and not used up
   */
  constructor(body: UploadBody, subject: ObjectCall, maxBytes: number) {
    this.#body = bodyOf(body)
    this.#subject = subject
    this.#maxBytes = maxBytes
    this.isOneShot = isOneShot(body)
  }

  /** The whole body, if it is in memory. */
  get whole(): Uint8Array | undefined {
    return 'whole' in this.#body ? this.#body.whole : undefined
  }

  /** The length in bytes, once it is open; `undefined` if it is not known before the end. */
  get length(): number | undefined {
    return this.#length
  }

  /** How many bytes are left; `Infinity` if that is not known. */
  get left(): number {
    return (this.#length ?? Infinity) - this.#taken
  }

  /**
   * Begins to read it.
   *
   * @throws {TypeError} when it turns out to be used up
   */
  async open(): Promise<void> {
    const body = this.#body
    try {
      if ('size' in body) this.#length = await body.size()
      else if ('whole' in body) this.#length = body.whole.byteLength
      else {
        this.#length = body.length
        this.#iterator = body.open()
      }
    } catch (cause) {
      if (cause instanceof TypeError) throw cause
      throw this.#failed(cause)
    }
    if ((this.#length ?? 0) > this.#maxBytes) throw this.#tooLarge(`${this.#length} bytes, more`)
  }

  /** Whether nothing is left. Waits for the source if that is not known yet. */
  async atEnd(): Promise<boolean> {
    if (this.whole !== undefined) return this.left === 0
    this.#rest ??= await this.#pull()
    this.#expectLength()
    return this.#rest === undefined
  }

  /** The next bytes of a body that is in memory, without a copy. */
  cut(size: number): Uint8Array | undefined {
    const piece = this.whole?.subarray(this.#taken, this.#taken + size)
    this.#taken += piece?.byteLength ?? 0
    return piece
  }

  /** How many bytes can be taken now; 0 at the end. Waits for a source that has none yet. */
  async ready(): Promise<number> {
    if (this.#rest === undefined && 'readInto' in this.#body) return this.#ended ? 0 : PIECE_BYTES
    await this.#turn()
    this.#rest ??= await this.#pull()
    return this.#rest?.byteLength ?? 0
  }

  /** Copies the next bytes into `place` and returns how many, 0 at the end. */
  async take(place: Uint8Array): Promise<number> {
    const taken = this.#rest === undefined ? await this.#fill(place) : this.#move(this.#rest, place)
    this.#taken += taken
    this.#expectLength()
    return taken
  }

  /** Ends the source. @param reason the error with which a stream is destroyed, if it is one */
  close(reason?: unknown): void {
    this.#gate.close()
    this.#rest = undefined
    const body = this.#body
    if ('whole' in body) return
    // A file is still open at its end; any other source has ended by then.
    if ('readInto' in body) body.discard()
    else if (!this.#ended) {
      this.#iterator?.return?.().catch(() => undefined)
      body.discard(reason)
    }
    this.#ended = true
  }

  #move(rest: Uint8Array, place: Uint8Array): number {
    const taken = Math.min(rest.byteLength, place.byteLength)
    const isAll = taken === rest.byteLength
    place.set(isAll ? rest : rest.subarray(0, taken))
    this.#rest = isAll ? undefined : rest.subarray(taken)
    this.#sinceTurn += taken
    return taken
  }

  async #fill(place: Uint8Array): Promise<number> {
    const body = this.#body
    if (this.#ended || !('readInto' in body)) return 0
    const taken = await this.#wait(() => body.readInto(place))
    this.#ended = taken === 0
    return taken
  }

  /** The next bytes that are not empty; `undefined` at the end. */
  async #pull(): Promise<Uint8Array | undefined> {
    if ('readInto' in this.#body) {
      this.#ahead ??= Buffer.allocUnsafeSlow(AHEAD_BYTES)
      const taken = await this.#fill(this.#ahead)
      return taken === 0 ? undefined : this.#ahead.subarray(0, taken)
    }
    const iterator = this.#iterator
    if (iterator === undefined) return undefined
    while (!this.#ended) {
      const { done, value } = await this.#wait(() => iterator.next())
      if (done === true) {
        this.#ended = true
        break
      }
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      if (!(bytes instanceof Uint8Array)) {
        throw new TypeError(`Expected the body to yield bytes or strings, got a ${typeof bytes}`)
      }
      if (bytes.byteLength > 0) return bytes
    }
    return undefined
  }

  async #wait<T>(begin: () => Promise<T>): Promise<T> {
    const signal = currentSignal()
    signal?.throwIfAborted()
    try {
      return await this.#gate.wait(begin(), signal)
    } catch (cause) {
      signal?.throwIfAborted()
      this.#ended = true
      throw this.#failed(cause)
    }
  }

  /** Gives the event loop a turn now and then: a source that always has data would block it. */
  async #turn(): Promise<void> {
    if (this.#sinceTurn < TURN_BYTES) return
    this.#sinceTurn = 0
    await checkpoint()
  }

  #expectLength(): void {
    const length = this.#length
    const known = this.#taken + (this.#rest?.byteLength ?? 0)
    if (known > this.#maxBytes) throw this.#tooLarge('more')
    if (length === undefined || known === length || (known < length && !this.#ended)) return
    const found = known > length ? 'more' : known
    const detail = `the source was to have ${length} bytes and had ${found}`
    throw failure(this.#subject, 'source_failed', { outcome: 'none', detail })
  }

  #tooLarge(how: string): StorageError {
    const detail = `its body has ${how} than the ${this.#maxBytes} bytes of "maxBytes"`
    return failure(this.#subject, 'too_large', { outcome: 'none', detail })
  }

  #failed(cause: unknown): StorageError {
    return failure(this.#subject, 'source_failed', { outcome: 'none', cause })
  }
}
