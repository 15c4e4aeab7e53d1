import type { Transaction } from 'kysely'

/** A job of a batch in a transaction, as its worker lends it to that. */
export interface Seat {
  /** By which it is held. */
  readonly lease: { readonly id: string; readonly claim: number }
  /** Its result as JSON; `undefined` for none. @throws {TypeError} when the job may not have it */
  readonly resultText: (value: unknown) => Promise<string | undefined>
  /** Runs `body` in a transaction of the worker's database, again after a serialization failure where that can. */
  readonly transaction: (body: (tx: Transaction<unknown>) => Promise<void>) => Promise<void>
  /**
   * Completes jobs in `tx`, as its last statement.
   *
   * @returns why those were not that are no longer the worker's, by their ids
   */
  readonly completeAll: (
    tx: Transaction<unknown>,
    ends: readonly SeatEnd[],
  ) => Promise<ReadonlyMap<string, unknown>>
  /** From now on its job may be completed although the answer to COMMIT is lost. */
  readonly completing: () => void
  /** The transaction has certainly rolled back. */
  readonly rolledBack: () => void
}

/** How one of them ends. */
export interface SeatEnd {
  readonly seat: Seat
  /** As JSON. */
  readonly result: string | undefined
}

/** What a worker's context says beside what a handler may know. */
export interface Seated {
  readonly seat: Seat
}

/** @throws {TypeError} when no worker made the context */
export function seatOf(context: object): Seat {
  const { seat } = context as Partial<Seated>
  if (seat !== undefined) return seat
  throw new TypeError('Expected the context of a worker, got another: it has no transaction')
}
