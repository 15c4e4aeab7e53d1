import { checkpoint } from '@yuzuru/concurrency'
import type { Permit } from '@yuzuru/concurrency/sync'
import type { PartLease } from '../store/byte-budget.ts'
import { failure } from '../store/failure.ts'
import type { ObjectTarget } from '../store/storage-context.ts'
import { PartDigest, type PartDigests } from './part-digest.ts'
import { MAX_PARTS, partSize } from './part-plan.ts'
import type { UploadPlan } from './upload-plan.ts'
import type { UploadSource } from './upload-source.ts'

/** How much is hashed at once, in bytes; other work has its turn in between. */
const PIECE_BYTES = 1_024 ** 2

const NOTHING = new Uint8Array()

/** A part in memory, hashed. */
export interface Part extends PartDigests {
  /** From 1. */
  readonly number: number
  readonly body: Uint8Array
  /** Its room in the memory of all uploads. Release it when the part has arrived or is given up. */
  readonly permit: Permit
}

/** Cuts a body into parts by plan, hashes them, and takes memory for them as their bytes arrive. */
export class PartReader {
  readonly #target: ObjectTarget
  readonly #plan: UploadPlan
  readonly #source: UploadSource
  #number = 0

  constructor(target: ObjectTarget, plan: UploadPlan, source: UploadSource) {
    this.#target = target
    this.#plan = plan
    this.#source = source
  }

  /** Whether the last part was read. Waits for the source if that is not known yet. */
  async atEnd(): Promise<boolean> {
    return await this.#source.atEnd()
  }

  /**
   * The next part. It is empty if no bytes are left.
   *
   * @throws {StorageError} `'too_large'` after the 10,000th; `'source_failed'`
   */
  async next(): Promise<Part> {
    const { context, subject } = this.#target
    const { algorithm, partBytes, plannedBytes } = this.#plan
    if (this.#number === MAX_PARTS) throw failure(subject, 'too_large', { outcome: 'none' })
    this.#number += 1
    // A source that has nothing yet does not wait for room.
    await this.#source.atEnd()
    const size = Math.min(partSize(this.#number, partBytes, plannedBytes), this.#source.left)
    const digest = await PartDigest.open(algorithm, context.backend.wantsSha256)
    const permit = context.budget.open(size)
    try {
      const body = (await this.#cut(size, digest)) ?? (await this.#fill(size, digest, permit))
      return { number: this.#number, body, permit, ...digest.end() }
    } catch (error) {
      permit.release()
      throw error
    }
  }

  /** A part of a body that is in memory, without a copy. */
  async #cut(size: number, digest: PartDigest): Promise<Uint8Array | undefined> {
    const part = this.#source.cut(size)
    const length = part?.byteLength ?? 0
    for (let at = 0; at < length; at += PIECE_BYTES) {
      if (at > 0) await checkpoint()
      digest.update(part?.subarray(at, at + PIECE_BYTES) ?? NOTHING)
    }
    return part
  }

  async #fill(size: number, digest: PartDigest, room: PartLease): Promise<Uint8Array> {
    let part: Buffer | undefined
    let filled = 0
    while (filled < size) {
      const ready = await this.#source.ready()
      if (ready === 0) break
      const end = Math.min(size, filled + ready)
      const wait = room.reach(end)
      if (wait !== undefined) await wait
      // The system gives memory only to pages that are written to, so a short body does not pay for a long
      // part.
      part ??= this.#target.context.buffers.take(size)
      const taken = await this.#source.take(part.subarray(filled, end))
      digest.update(part.subarray(filled, filled + taken))
      filled += taken
    }
    room.settle()
    return part?.subarray(0, filled) ?? NOTHING
  }
}
