import { Readable } from 'node:stream'

const CHUNK_BYTES = 16 * 1024

/** A message on its way. */
export interface MessageStream {
  readonly stream: Readable
  /** Whether some of it was handed over, and not its end. */
  readonly isUnderWay: boolean
}

/**
 * The bytes of a message as a stream for nodemailer's connection, which reads it once the server asked
 * for DATA and puts the final "." after its end.
 *
 * @param onBegin called before the first of them is handed over; `false` hands over nothing
 * @param onEnd called just before the end is handed over, so before the "." can leave
 */
export function messageStream(
  bytes: Buffer,
  onBegin: () => boolean,
  onEnd: () => void,
): MessageStream {
  let offset = 0
  let hasEnded = false
  const stream = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      if (offset === 0 && !onBegin()) return
      const chunk = bytes.subarray(offset, offset + CHUNK_BYTES)
      offset += chunk.length
      if (chunk.length > 0) {
        this.push(chunk)
        return
      }
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
