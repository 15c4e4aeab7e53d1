import { expected } from '@yuzuru/concurrency/boundary'
import { serialise } from './payload.ts'

/** The most JSON of one value, in UTF-8 bytes. */
const MOST_BYTES = 16_384

/** What a handler says of its progress, as it is kept. @throws {TypeError} unless it is JSON of 16 KiB at the most */
export function progressText(value: unknown): string {
  const text = serialise(value, 'the progress')
  const bytes = Buffer.byteLength(text)
  if (bytes <= MOST_BYTES) return text
  throw expected(`the progress to take at most ${MOST_BYTES} bytes as JSON`, bytes)
}
