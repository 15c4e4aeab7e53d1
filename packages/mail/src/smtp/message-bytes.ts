import { Readable } from 'node:stream'

const CHUNK_BYTES = 16 * 1024

/** A message on its way. */
export interface MessageStream {
  readonly stream: Readable
  /** Whether some of it was handed over, and not its end. */
  readonly isUnderWay: boolean
}

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
 * The bytes of a message as a stream for nodemailer's connection, which reads it once the server asked
 * for DATA and puts the final "." after its end.
 */
export function messageStream(bytes: Buffer, handOver: HandOver): MessageStream {
  const { mayBegin, onPart, mayEnd, onEnd } = handOver
  let offset = 0
  let hasEnded = false
  const stream = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      if (offset === 0 && !mayBegin()) return
      onPart()
      const chunk = bytes.subarray(offset, offset + CHUNK_BYTES)
      offset += chunk.length
      if (chunk.length > 0) {
        this.push(chunk)
        return
      }
      if (!mayEnd()) return
      hasEnded = true
      onEnd()
      this.push(null)
    },
  })
  return {
    stream,
    get isUnderWay() {
      return offset > 0 && !hasEnded
    },
  }
}
