import type { Lease } from './lease.ts'
import type { Surrounding } from './nested-use.ts'

/** A transaction or savepoint, as the statements in it see it. */
export interface OpenTransaction extends Surrounding {
  readonly lease: Lease
  ended: boolean
  /** To be called when a statement of it begins … */
  enter(): void
  /** … and when it has ended. */
  leave(): void
  /** @throws {DbError} `transaction_ended` */
  assertActive(): void
  /**
   * Notes what a statement of it failed with.
   *
   * @returns what to throw: where the server only said that something had failed before, that as its cause
   */
  noteFailure(error: unknown): unknown
}
