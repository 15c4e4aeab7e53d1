import { checkpoint } from '@yuzuru/concurrency'
import { AbortGate } from '../store/abort-gate.ts'
import type { PartLease } from '../store/byte-budget.ts'
import type { Subject } from '../store/failure.ts'
import { failure } from '../store/failure.ts'
import type { PartBuffers } from '../store/part-buffers.ts'
import type { FilledBody, OpenBody } from './open-body.ts'

/** How much is read, and told of, at once: others have their turn in between. */
const PIECE_BYTES = 1_024 ** 2

/** After how much of a source's own chunks the event loop has a turn. */
const TURN_BYTES = 512 * 1_024

/** How much of a file is read to see whether there is more. */
const AHEAD_BYTES = 64 * 1_024

const NOTHING = new Uint8Array()

/** Cuts a body into parts. Ends its source when it is closed, also one that is stuck. */
export class PartReader {
  readonly #body: OpenBody
  readonly #subject: Subject
  readonly #buffers: PartBuffers
  readonly #maxBytes: number
  readonly #gate: AbortGate = new AbortGate()
  #iterator: AsyncIterator<Uint8Array | string> | undefined = undefined
  #ahead: Buffer | undefined = undefined
  #rest: Uint8Array | undefined = undefined
  #ended = false
  #read = 0

  /** @param maxBytes how long the body may be */
  constructor(body: OpenBody, subject: Subject, buffers: PartBuffers, maxBytes: number = Infinity) {
    this.#maxBytes = maxBytes
    this.#body = body
    this.#buffers = buffers
    this.#subject = subject
  }

  /**
   * The next `size` bytes, fewer at the end, none after it.
   *
   * @param signal ends the wait for a source that does not answer
   * @param seen is told of each piece, in order, as soon as it is in its place
   * @param lease where room for the bytes is taken from as they arrive
   */
  async next(
    size: number,
    signal: AbortSignal,
    seen: (piece: Uint8Array) => void,
    lease?: PartLease,
  ): Promise<Uint8Array> {
    const { whole } = this.#body
    if (whole !== undefined) return await this.#cut(whole, size, seen)
    // Only what is written to takes memory, so a short body does not pay for a long part.
    if (await this.atEnd(signal)) return NOTHING
    let part: Buffer | undefined
    let filled = 0
    let sinceTurn = 0
    while (filled < size) {
      const body = this.#body
      let taken: number
      if (this.#rest === undefined && 'readInto' in body) {
        const end = Math.min(size, filled + PIECE_BYTES)
        await lease?.reach(end)
        part ??= this.#buffers.take(size)
        const room = part.subarray(filled, end)
        taken = await this.#readInto(body, room, signal)
      } else {
        // A source that always has something would keep all others from their turn.
        if (sinceTurn >= TURN_BYTES) {
          await checkpoint()
          sinceTurn = 0
        }
        this.#rest ??= await this.#pull(signal)
        const wait = lease?.reach(Math.min(size, filled + (this.#rest?.byteLength ?? 0)))
        if (wait !== undefined) await wait
        part ??= this.#buffers.take(size)
        taken = this.#takeRest(part, filled)
        sinceTurn += taken
      }
      if (taken === 0) break
      this.#expectRoom(this.#read + filled + taken)
      seen(part.subarray(filled, filled + taken))
      filled += taken
    }
    lease?.settle()
    this.#read += filled
    this.#expectLength()
    return part?.subarray(0, filled) ?? NOTHING
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
    this.#gate.close()
    this.#rest = undefined
    if (this.#iterator === undefined) this.#body.discard(reason)
    else if (!this.#ended) {
      this.#iterator.return?.().catch(() => undefined)
      this.#body.discard(reason)
    }
    this.#ended = true
  }

  /** A part of a body that is in memory, left where it is. */
  async #cut(
    whole: Uint8Array,
    size: number,
    seen: (piece: Uint8Array) => void,
  ): Promise<Uint8Array> {
    const part = whole.subarray(this.#read, this.#read + size)
    this.#read += part.byteLength
    for (let at = 0; at < part.byteLength; at += PIECE_BYTES) {
      if (at > 0) await checkpoint()
      seen(part.subarray(at, at + PIECE_BYTES))
    }
    return part
  }

  /** Puts what was read ahead where it belongs; gives how many bytes. */
  #takeRest(part: Buffer, filled: number): number {
    const rest = this.#rest
    if (rest === undefined) return 0
    const taken = Math.min(rest.byteLength, part.byteLength - filled)
    const all = taken === rest.byteLength
    part.set(all ? rest : rest.subarray(0, taken), filled)
    this.#rest = all ? undefined : rest.subarray(taken)
    return taken
  }

  async #readInto(body: FilledBody, room: Uint8Array, signal: AbortSignal): Promise<number> {
    if (this.#ended) return 0
    signal.throwIfAborted()
    try {
      const taken = await this.#gate.wait(body.readInto(room), signal)
      this.#ended = taken === 0
      return taken
    } catch (cause) {
      throw this.#failed(cause, signal)
    }
  }

  /** The next bytes that are not empty; `undefined` at the end. */
  async #pull(signal: AbortSignal): Promise<Uint8Array | undefined> {
    const body = this.#body
    if ('readInto' in body) {
      this.#ahead ??= Buffer.allocUnsafeSlow(AHEAD_BYTES)
      const taken = await this.#readInto(body, this.#ahead, signal)
      return taken === 0 ? undefined : this.#ahead.subarray(0, taken)
    }
    while (!this.#ended) {
      signal.throwIfAborted()
      let result: IteratorResult<Uint8Array | string, unknown>
      try {
        this.#iterator ??= body.open()
        result = await this.#gate.wait(this.#iterator.next(), signal)
      } catch (cause) {
        throw this.#failed(cause, signal)
      }
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

  /** What to throw when the source has thrown, or was not waited for. */
  #failed(cause: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason
    this.#ended = true
    return failure(this.#subject, 'source_failed', { outcome: 'none', cause })
  }

  #expectRoom(bytes: number): void {
    if (bytes <= this.#maxBytes) return
    const told = `its body has more than the ${this.#maxBytes} bytes of "maxBytes"; nothing was stored`
    throw failure(this.#subject, 'too_large', { outcome: 'none', told })
  }

  #expectLength(): void {
    const { length } = this.#body
    const known = this.#read + (this.#rest?.byteLength ?? 0)
    this.#expectRoom(known)
    if (length === undefined || known === length || (known < length && !this.#ended)) return
    const told = `the source was to have ${length} bytes and had ${known > length ? 'more' : known}; nothing was stored`
    throw failure(this.#subject, 'source_failed', { outcome: 'none', told })
  }
}
