import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { Session } from './session.ts'

/** A session that was borrowed. */
export interface SessionLease {
  readonly session: Session
  /** Whether it was idle before. Then its connection may be dead and not yet known to be. */
  readonly reused: boolean
  /** Returns it to its source, which closes it unless it is reusable. */
  release(): void
}

/** Where sessions come from. */
export interface SessionSource {
  /**
   * @param fresh never a session that was idle before, if the source can tell
   * @throws {DbError} `overloaded`, `acquire_timeout`, `connection_failed`, `closed`
   */
  acquire(signal: AbortSignal, fresh?: boolean): Promise<SessionLease>
  /**
   * A session outside the pool, for a long-lived user, until `close`. A pool that was passed in lends one
   * of its own.
   */
  dedicate(signal: AbortSignal): Promise<SessionLease>
  readonly figures: PoolFigures
  close(options?: CloseOptions): Promise<void>
}

/** How busy a pool is. */
export interface PoolFigures {
  /** The most connections at once; `Infinity` where a pool that was passed in decides. */
  readonly connections: number
  /** In use. */
  readonly used: number
  readonly idle: number
  readonly waiting: number
}

/** Opens a session; must end soon after `signal` fires. */
export type OpenSession = (signal: AbortSignal) => Promise<Session>
