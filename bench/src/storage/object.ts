/** How large the object is that is sent and received: 256 MiB. */
export const OBJECT_BYTES: number = 256 * 1_024 ** 2

/** What it consists of, again and again: 1 MiB that no two places have in common. */
export function patternedChunk(): Buffer {
  const bytes = Buffer.allocUnsafeSlow(1_024 ** 2)
  for (let at = 0; at < bytes.byteLength; at += 4) {
    bytes.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at)
  }
  return bytes
}

/** The object as a source of unknown length gives it, in pieces of 64 KiB. */
export function* piecesOf(bytes: number = OBJECT_BYTES): Generator<Buffer> {
  const chunk = patternedChunk()
  for (let sent = 0; sent < bytes; sent += 65_536) {
    const from = sent % chunk.byteLength
    yield chunk.subarray(from, from + Math.min(65_536, bytes - sent))
  }
}
