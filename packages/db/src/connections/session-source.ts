import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { Session } from './session.ts'

/** A session for a time. */
export interface SessionLease {
  readonly session: Session
  /** Whether it lay idle before, so that it may be dead without anybody knowing. */
  readonly reused: boolean
  /** Gives it back; one that is not as good as new is closed. */
  release(): void
}

/** Where sessions come from. */
export interface SessionSource {
  /**
   * @param fresh not one that lay idle, where the source can tell
   * @throws {DbError} `overloaded`, `acquire_timeout`, `connection_failed`, `closed`
   */
  acquire(signal: AbortSignal, fresh?: boolean): Promise<SessionLease>
  /** A session beside the pool for one that stays, until `close`; a given pool lends one of its own. */
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
