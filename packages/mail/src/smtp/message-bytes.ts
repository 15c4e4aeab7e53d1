import type { Writable } from 'node:stream'

const CHUNK_BYTES = 16 * 1024
const DOT = 0x2e
const CR = 0x0d
const LF = 0x0a
const LINE_OF_A_DOT = Buffer.from('\r\n.')
const END = Buffer.from('.\r\n')

/** What is asked and called while a message is handed over. */
export interface HandOver {
  /** Before the first of it: `false` hands over nothing. */
  readonly mayBegin: () => boolean
  /** After each part of it. */
  readonly onPart: () => void
  /** Before its end: `false` leaves it open. */
  readonly mayEnd: () => boolean
  /** Just before the end is handed over, so before the "." can leave. */
  readonly onEnd: () => void
}

/**
 * Hands the bytes of a message to a socket, with the final "." after them, once the server asked for DATA
 * (decision 107). What is short leaves together with its end, in one packet.
 */
export class MessageBytes {
  readonly #bytes: Buffer
  readonly #handOver: HandOver
  #offset = 0
  #hasEnded = false

  /** @param bytes of whole lines, each of which ends with CRLF */
  constructor(bytes: Buffer, handOver: HandOver) {
    this.#bytes = dotStuffed(bytes)
    this.#handOver = handOver
  }

  /** Whether some of it was handed over, and not its end. */
  get isUnderWay(): boolean {
    return this.#offset > 0 && !this.#hasEnded
  }

  begin(socket: Writable): void {
    if (this.#handOver.mayBegin()) this.#next(socket)
  }

  #next(socket: Writable): void {
    const { onPart, mayEnd, onEnd } = this.#handOver
    for (;;) {
      onPart()
      const chunk = this.#bytes.subarray(this.#offset, this.#offset + CHUNK_BYTES)
      this.#offset += chunk.length
      if (this.#offset < this.#bytes.length) {
        if (socket.write(chunk)) continue
        socket.once('drain', () => this.#next(socket))
        return
      }
      if (!mayEnd()) return
      this.#hasEnded = true
      onEnd()
      socket.cork()
      socket.write(chunk)
      socket.write(END)
      socket.uncork()
      return
    }
  }
}

/** RFC 5321, 4.5.2: a line that begins with a dot gets a second one. */
export function dotStuffed(bytes: Buffer): Buffer {
  const first = bytes[0] === DOT ? 0 : bytes.indexOf(LINE_OF_A_DOT)
  if (first < 0) return bytes
  // Every line may begin with one: nothing is made for each.
  let dots = 0
  for (let at = first; at < bytes.length; at += 1) if (isFirstDot(bytes, at)) dots += 1
  const stuffed = Buffer.allocUnsafe(bytes.length + dots)
  bytes.copy(stuffed, 0, 0, first)
  let to = first
  for (let at = first; at < bytes.length; at += 1) {
    if (isFirstDot(bytes, at)) stuffed[to++] = DOT
    stuffed[to++] = bytes[at] ?? 0
  }
  return stuffed
}

/** Whether it begins a line. */
function isFirstDot(bytes: Buffer, at: number): boolean {
  return bytes[at] === DOT && (at === 0 || (bytes[at - 1] === LF && bytes[at - 2] === CR))
}
