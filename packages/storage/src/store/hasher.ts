/** Computes a checksum incrementally. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The digest of all bytes. Nothing may be called after it. */
  digest(): Buffer
}
