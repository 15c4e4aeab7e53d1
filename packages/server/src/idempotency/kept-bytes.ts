import { throwIfCancelled } from '@yuzuru/concurrency'
import { expected, onCancel } from '@yuzuru/concurrency/boundary'

/**
 * Reads a body to its end, as long as it has at most `maxBytes`. A cancel ends that, however long the next
 * part would take, and the body is told.
 *
 * @returns `undefined` for a longer one, whose rest is given up
 * @throws {Cancelled} when the scope around it is cancelled first
 * @throws {TypeError} for a body of anything but bytes
 */
export async function bytesWithin(
  { body }: Pick<Request | Response, 'body'>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  // What its source makes of that is not waited for.
  const giveUp = (reason?: unknown): void => void reader.cancel(reason).catch(() => undefined)
  const off = onCancel(giveUp)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const chunk: unknown = next.value
      if (!(chunk instanceof Uint8Array)) throw expected('the body to be of bytes', chunk)
      size += chunk.byteLength
      if (size > maxBytes) {
        giveUp()
        return undefined
      }
      chunks.push(chunk)
    }
  } catch (error) {
    giveUp(error)
    throw error
  } finally {
    off()
  }
  // A body that was given up ends early, as if that were all.
  throwIfCancelled()
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
