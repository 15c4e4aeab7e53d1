import { Readable } from 'node:stream'

const CHUNK_BYTES = 16 * 1024

/**
 * The bytes of a message as a stream for nodemailer's connection, which reads it once the server asked
 * for DATA and puts the final "." after its end.
 *
 * @param onEnd called just before the end is handed over, so before the "." can leave
 */
export function messageStream(bytes: Buffer, onEnd: () => void): Readable {
  let offset = 0
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      const chunk = bytes.subarray(offset, offset + CHUNK_BYTES)
      offset += chunk.length
      if (chunk.length > 0) {
        this.push(chunk)
        return
      }
      onEnd()
      this.push(null)
    },
  })
}
