import type { RunningReport } from '../engine/worker-report.ts'
import type { StopCause } from './verdict.ts'

/** A job that was taken, as far as its lease goes. */
export interface Held {
  readonly claimed: { readonly id: string }
  /** Whether its handler was called. */
  readonly begun: boolean
  stop(cause: StopCause, message: string): void
  /** What its handler does at the moment; `undefined` unless it runs. */
  report(): RunningReport | undefined
}

/**
 * One life of a worker as the database knows it: a row, whose lease is that of all the jobs taken under it.
 *
 * - `'live'`: jobs are taken under it.
 * - `'retiring'`: no more are. Its lease is extended until what it holds has ended.
 * - `'lost'`: another worker has taken what it held, or may have.
 */
export class Incarnation {
  readonly id: string
  /** When, on this process's clock, the database last said that the lease is ours: before it was asked. */
  confirmedAt: number
  state: 'live' | 'retiring' | 'lost' = 'live'
  /** Whether it may hold jobs of which this process does not know, or could not write down how they ended. */
  isClean: boolean = true
  /** What was taken under it and is not settled. */
  readonly held: Set<Held> = new Set()
  /** The ids of what was begun under it and could not be settled. */
  readonly unsettled: string[] = []

  constructor(id: string, confirmedAt: number) {
    this.id = id
    this.confirmedAt = confirmedAt
  }

  /** No more jobs are taken under it. */
  retire(): void {
    this.isClean = false
    if (this.state === 'live') this.state = 'retiring'
  }

  /** Ends the handlers of all that it holds. */
  lose(): void {
    this.isClean = false
    this.state = 'lost'
    for (const attempt of this.held) {
      const { id } = attempt.claimed
      attempt.stop('lost', `the lease of job ${id} was lost; another worker may run it`)
    }
  }

  /** Forgets an attempt that has ended. */
  settled(attempt: Held, isWritten: boolean): void {
    this.held.delete(attempt)
    if (isWritten) return
    if (attempt.begun) this.unsettled.push(attempt.claimed.id)
    this.retire()
  }
}
