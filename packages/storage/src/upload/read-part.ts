import { createHash, type Hash } from 'node:crypto'
import type { PartLease } from '../store/byte-budget.ts'
import { type ChecksumAlgorithm, createHasher, type Hasher } from '../store/checksum.ts'
import type { Digest } from '../store/object-backend.ts'
import type { UploadJob } from './upload-job.ts'

/** A part in memory, hashed. */
export interface ReadPart {
  readonly body: Uint8Array
  readonly digest: Digest
  /** In hex, where the backend wants it. */
  readonly sha256: string | undefined
}

/**
 * Reads the next part. It is hashed piece by piece as it comes: the bytes are still near the processor
 * then, and nobody else waits for long.
 */
export async function readPart(
  { reader, algorithm, context }: UploadJob,
  size: number,
  signal: AbortSignal,
  lease?: PartLease,
): Promise<ReadPart> {
  const digest = new PartDigest(algorithm, context.backend.wantsSha256)
  const body = await reader.next(size, signal, (piece) => digest.update(piece), lease)
  return { body, ...digest.end() }
}

class PartDigest {
  readonly #algorithm: ChecksumAlgorithm
  readonly #hasher: Hasher
  readonly #sha256: Hash | undefined

  constructor(algorithm: ChecksumAlgorithm, wantsSha256: boolean) {
    this.#algorithm = algorithm
    this.#hasher = createHasher(algorithm)
    // Where it is the checksum anyway it is not computed twice.
    this.#sha256 = wantsSha256 && algorithm !== 'SHA256' ? createHash('sha256') : undefined
  }

  update(piece: Uint8Array): void {
    this.#hasher.update(piece)
    this.#sha256?.update(piece)
  }

  end(): Omit<ReadPart, 'body'> {
    const value = this.#hasher.digest().toString('base64')
    return { digest: { algorithm: this.#algorithm, value }, sha256: this.#sha256?.digest('hex') }
  }
}
