/** Computes a checksum as bytes pass. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The digest of all bytes so far; the last call. */
  digest(): Buffer
}
