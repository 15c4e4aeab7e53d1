import { createHash, type Hash } from 'node:crypto'
import { type ChecksumAlgorithm, createHasher } from '../store/checksum.ts'
import type { Hasher } from '../store/hasher.ts'
import type { Digest } from '../store/object-backend.ts'

/** The digests of the bytes of a part. */
export interface PartDigests {
  readonly digest: Digest
  /** In hex, where the backend wants it. */
  readonly sha256: string | undefined
}

/**
 * Hashes a part piece by piece as it arrives: the bytes are still in the processor's cache, and the event
 * loop is not blocked for long.
 */
export class PartDigest {
  readonly #algorithm: ChecksumAlgorithm
  readonly #hasher: Hasher
  readonly #sha256: Hash | undefined

  private constructor(algorithm: ChecksumAlgorithm, hasher: Hasher, wantsSha256: boolean) {
    this.#algorithm = algorithm
    this.#hasher = hasher
    // If it is the checksum anyway, it is not computed twice.
    this.#sha256 = wantsSha256 && algorithm !== 'SHA256' ? createHash('sha256') : undefined
  }

  static async open(algorithm: ChecksumAlgorithm, wantsSha256: boolean): Promise<PartDigest> {
    return new PartDigest(algorithm, await createHasher(algorithm), wantsSha256)
  }

  update(piece: Uint8Array): void {
    this.#hasher.update(piece)
    this.#sha256?.update(piece)
  }

  end(): PartDigests {
    const value = this.#hasher.digest().toString('base64')
    return { digest: { algorithm: this.#algorithm, value }, sha256: this.#sha256?.digest('hex') }
  }
}
