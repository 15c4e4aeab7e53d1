import { AnswerBounds } from './answer-bounds.ts'
import { checkContent, isKnownKind } from './answer-check.ts'
import { AnswerOrder } from './answer-order.ts'
import { violation } from './protocol-error.ts'

/** A message begins with its kind, one byte, and its length, four, which counts itself. */
const HEAD_BYTES = 5
/** PostgreSQL sends no longer message (`MaxAllocSize`). */
const MOST_BYTES = 1_073_741_823
const AUTHENTICATION = 0x52
const EMPTY = Buffer.alloc(0)

/** The part of a chunk that may be passed on, and the error after it, if any. */
export interface CheckedAnswers {
  readonly whole: Buffer
  readonly failure?: unknown
}

/**
 * Assembles the bytes of a server into whole messages, and checks each before it is read. The memory for an
 * incomplete message is bounded, and at most twice the bytes that have arrived.
 */
export class AnswerReader {
  readonly #bounds: AnswerBounds
  readonly #order = new AnswerOrder()
  #kept: Buffer = EMPTY
  #keptBytes = 0
  /** How many bytes are needed to continue. */
  #wanted = HEAD_BYTES
  /** Whether the head of the kept message was checked. */
  #isAdmitted = false

  /** @param maxAnswerBytes the most that the answer to one statement may take */
  constructor(maxAnswerBytes: number) {
    this.#bounds = new AnswerBounds(maxAnswerBytes)
  }

  /** Returns the messages that are complete with this chunk. Do not call it after a failure. */
  read(chunk: Buffer): CheckedAnswers {
    const data = this.#withKept(chunk)
    if (data === undefined) return { whole: EMPTY }
    let at = 0
    try {
      for (let next = this.#next(data, at); next !== undefined; next = this.#next(data, at)) {
        at = next
      }
    } catch (failure) {
      return { whole: data.subarray(0, at), failure }
    }
    const rest = data.subarray(at)
    // A copy, so that the rest of a small message does not keep a large buffer alive.
    this.#kept = rest.length > 0 && data !== chunk ? Buffer.from(rest) : rest
    this.#keptBytes = rest.length
    return { whole: data.subarray(0, at) }
  }

  /** Where the message that begins at `at` ends; `undefined` while it is incomplete. */
  #next(data: Buffer, at: number): number | undefined {
    this.#wanted = HEAD_BYTES
    if (data.length - at < HEAD_BYTES) return undefined
    const kind = data[at] as number
    const bytes = data.readUInt32BE(at + 1)
    if (!this.#isAdmitted) {
      if (!isKnownKind(kind)) throw violation('a message of a kind that there is not')
      if (bytes < 4 || bytes > MOST_BYTES) throw violation('a length that no message has')
      this.#bounds.admit(String.fromCharCode(kind), bytes)
      this.#isAdmitted = true
    }
    const end = at + 1 + bytes
    this.#wanted = 1 + bytes
    if (end > data.length) return undefined
    this.#isAdmitted = false
    checkContent(kind, data, at + HEAD_BYTES, end)
    const authentication = kind === AUTHENTICATION ? data.readInt32BE(at + HEAD_BYTES) : undefined
    this.#order.expect(String.fromCharCode(kind), authentication)
    return end
  }

  /** The kept bytes and the chunk together; `undefined` while that is not enough to continue. */
  #withKept(chunk: Buffer): Buffer | undefined {
    if (this.#keptBytes === 0) return chunk
    const bytes = this.#keptBytes + chunk.length
    if (bytes > this.#kept.length) this.#grow(bytes)
    chunk.copy(this.#kept, this.#keptBytes)
    this.#keptBytes = bytes
    return bytes < this.#wanted ? undefined : this.#kept.subarray(0, bytes)
  }

  /** Grows by doubling, and not at once to the size that the head claims. */
  #grow(bytes: number): void {
    const room = Math.max(bytes, Math.min(this.#wanted, 2 * this.#kept.length))
    const grown = Buffer.allocUnsafeSlow(room)
    this.#kept.copy(grown, 0, 0, this.#keptBytes)
    this.#kept = grown
  }
}
