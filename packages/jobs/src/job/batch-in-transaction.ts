import { cancelScope, type CancelScope, outcomeOf, throwIfCancelled } from '@yuzuru/concurrency'
import { fieldOf } from '@yuzuru/concurrency/boundary'
import { DbError } from '@yuzuru/db'
import type { Transaction } from 'kysely'
import { databaseError, isAway } from '../database/database-error.ts'
import { type BatchHandler, type BatchItem, itemOf, type Member } from './batch-item.ts'
import { type Seat, type SeatEnd, seatOf } from './seat.ts'

/**
 * Runs a batch in a transaction that completes all of its jobs: they commit together, or none does. What was rolled back
 * is done again, in the same attempt: without those that have failed or were ended, if it is known which; else in halves,
 * until what fails stands alone. Never throws.
 */
export async function runInOneTransaction<Payload, Result>(
  members: readonly Member<Payload, Result>[],
  run: BatchHandler<Payload, Result>,
): Promise<void> {
  const left = [members]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    left.push(...(await once(next, run)))
  }
}

/** @returns what is to be done again */
async function once<Payload, Result>(
  group: readonly Member<Payload, Result>[],
  run: BatchHandler<Payload, Result>,
): Promise<(readonly Member<Payload, Result>[])[]> {
  for (const { signal, reject } of group) if (signal.aborted) reject(signal.reason)
  const members = group.filter(({ isSettled }) => !isSettled)
  if (members.length === 0) return []
  let call: Call<Payload, Result> | undefined
  try {
    const begun = (call = new Call(members))
    await cancelScope(async (scope) => {
      const leave = begun.stopWith(scope)
      try {
        await begun.run(run)
      } finally {
        leave()
      }
    })
  } catch (error) {
    if (call !== undefined) return call.failed(error)
    for (const { reject } of members) reject(error)
    return []
  }
  call.succeeded()
  return []
}

type End<Result> = { readonly result: Result } | { readonly error: unknown }

/** Ends a transaction some of whose jobs have failed. */
class SomeFailed extends Error {}

/** One transaction of a batch. */
class Call<Payload, Result> {
  readonly #members: readonly Member<Payload, Result>[]
  readonly #seats: ReadonlyMap<Member<Payload, Result>, Seat>
  #ends = new Map<Member<Payload, Result>, End<Result>>()
  #isCalled = false
  /** Whether COMMIT may have been sent. */
  #isCommitting = false
  /** Cancels it if one of its jobs is cancelled. */
  #stop: () => void = () => undefined

  constructor(members: readonly Member<Payload, Result>[]) {
    this.#members = members
    this.#seats = new Map(members.map((member) => [member, seatOf(member.context)]))
  }

  /**
   * Cancels it when one of its jobs is cancelled, as it can commit no more; when it commits already, only if all are.
   * Until the function that it returns is called.
   */
  stopWith(scope: CancelScope): () => void {
    const stop = (this.#stop = (): void => {
      const stopped = this.#members.filter(({ signal }) => signal.aborted).length
      if (stopped === 0 || (this.#isCommitting && stopped < this.#members.length)) return
      scope.cancel('a job of the batch is cancelled; the rest is done again without it')
    })
    for (const { signal } of this.#members) signal.addEventListener('abort', stop)
    stop()
    return () => {
      for (const { signal } of this.#members) signal.removeEventListener('abort', stop)
    }
  }

  async run(handler: BatchHandler<Payload, Result>): Promise<void> {
    const [seat] = this.#seats.values()
    await seat?.transaction(async (tx) => {
      this.#isCommitting = false
      // Again after a COMMIT that the server refused: one that was cancelled during that did not stop it.
      this.#stop()
      throwIfCancelled()
      this.#isCalled = true
      this.#ends = new Map()
      await handler(this.#items(this.#ends), { tx: <DB>() => tx as Transaction<DB> })
      throwIfCancelled()
      await this.#complete(tx, seat)
      throwIfCancelled()
      this.#isCommitting = true
    })
  }

  succeeded(): void {
    for (const member of this.#members) {
      const end = this.#ends.get(member)
      member.resolve((end !== undefined && 'result' in end ? end.result : undefined) as Result)
    }
  }

  /** Settles those of which it is known how they end. @returns what is to be done again */
  failed(error: unknown): (readonly Member<Payload, Result>[])[] {
    if (this.#isCommitting && mayHaveCommitted(error)) {
      // Each is looked up by its worker, which knows that it may be completed.
      for (const { signal, reject } of this.#members) reject(signal.aborted ? signal.reason : error)
      return []
    }
    for (const seat of this.#seats.values()) seat.rolledBack()
    for (const member of this.#members) {
      const end = this.#ends.get(member)
      if (member.signal.aborted) member.reject(member.signal.reason)
      else if (end !== undefined && 'error' in end) member.reject(end.error)
    }
    const left = this.#members.filter(({ isSettled }) => !isSettled)
    if (left.length === 0) return []
    if (endedByHand(error)) {
      for (const { reject } of left) reject(error)
      return []
    }
    if (left.length < this.#members.length) return [left]
    if (this.#isCalled && left.length > 1 && !hasNoConnection(error)) {
      const half = Math.ceil(left.length / 2)
      return [left.slice(half), left.slice(0, half)]
    }
    for (const { reject } of left) reject(error)
    return []
  }

  #items(ends: Map<Member<Payload, Result>, End<Result>>): BatchItem<Payload, Result>[] {
    return this.#members.map((member) => {
      const settle = (end: End<Result>): void => {
        if (!ends.has(member)) ends.set(member, end)
      }
      return itemOf(member, {
        complete: (result) => settle({ result }),
        fail: (error) => settle({ error }),
      })
    })
  }

  async #complete(tx: Transaction<unknown>, by: Seat): Promise<void> {
    const ends = await this.#results()
    for (const { seat } of ends) seat.completing()
    const lost = await by.completeAll(tx, ends)
    if (lost.size === 0) return
    for (const [member, { lease }] of this.#seats) {
      if (lost.has(lease.id)) this.#ends.set(member, { error: lost.get(lease.id) })
    }
    throw new SomeFailed()
  }

  /** @throws {SomeFailed} when one has failed, or may not have its result */
  async #results(): Promise<SeatEnd[]> {
    const results: SeatEnd[] = []
    for (const [member, seat] of this.#seats) {
      const end = this.#ends.get(member) ?? { result: undefined }
      if ('error' in end) continue
      try {
        results.push({ seat, result: await seat.resultText(end.result) })
      } catch (error) {
        this.#ends.set(member, { error })
      }
    }
    if (results.length < this.#members.length) throw new SomeFailed()
    return results
  }
}

/** What the server refused, a deferred constraint say, was not committed; a connection that was lost says nothing. */
function mayHaveCommitted(error: unknown): boolean {
  return outcomeOf(error) !== 'none' && databaseError('batch', error, 'unknown').outcome !== 'none'
}

/** How a database of `@yuzuru/db` says so, and PostgreSQL: no transaction is open. */
const ENDED: ReadonlySet<unknown> = new Set(['transaction_ended', '25P01'])

/** Whether the handler itself has ended the transaction: what it did may stand, and must not be done again at once. */
function endedByHand(error: unknown): boolean {
  const said = [fieldOf(error, 'code'), fieldOf(fieldOf(error, 'cause'), 'code')]
  return said.some((code) => ENDED.has(code)) && outcomeOf(error) !== 'none'
}

const NO_CONNECTION: ReadonlySet<string> = new Set([
  'acquire_timeout',
  'overloaded',
  'connection_failed',
  'unauthenticated',
  'closed',
])

/** That all connections of the server are taken. */
const NONE_LEFT = '53300'

/** How deep a handler may have wrapped it. */
const MOST_DEPTH = 8

/**
 * Whether it is no job's fault: a database of `@yuzuru/db` connects at the first statement of a handler. What else the
 * handler could not reach, the host of one of its jobs say, is none of this.
 */
function hasNoConnection(error: unknown): boolean {
  for (let at = error, depth = 0; depth < MOST_DEPTH; depth += 1) {
    if (DbError.isInstance(at)) {
      return NO_CONNECTION.has(at.code) || at.sqlState === NONE_LEFT || isAway(at)
    }
    at = fieldOf(at, 'cause')
  }
  return false
}
