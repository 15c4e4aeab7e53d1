import { detached } from '@yuzuru/concurrency'
import { DbError } from '../wire/db-error.ts'
import type { PoolOptions } from '../database-options.ts'
import type { Session } from './session.ts'
import { WaitingLine } from './waiting-line.ts'

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
  close(): Promise<void>
}

/** How busy a pool is. */
export interface PoolFigures {
  readonly max: number
  /** In use. */
  readonly used: number
  readonly idle: number
  readonly waiting: number
}

/** Opens a session; must end soon after `signal` fires. */
export type OpenSession = (signal: AbortSignal) => Promise<Session>

/** A bounded pool: first come, first served, the most recently used session first. */
export class Pool implements SessionSource {
  readonly #open: OpenSession
  readonly #options: Required<PoolOptions>
  readonly #line: WaitingLine
  /** The one that was used last is at the end. */
  readonly #idle: { readonly session: Session; readonly since: number }[] = []
  #sweep: NodeJS.Timeout | undefined = undefined
  readonly #dedicated = new Set<Session>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #drained = Promise.withResolvers<void>()
  #used = 0
  #closing: Promise<void> | undefined = undefined

  constructor(open: OpenSession, options: PoolOptions = {}) {
    this.#open = open
    const defaults = { max: 10, queueLimit: 1_000, acquireTimeoutMs: 30_000 }
    this.#options = {
      ...defaults,
      reset: 'changed',
      connectTimeoutMs: 10_000,
      idleTimeoutMs: 30_000,
      ...options,
    }
    const { max, acquireTimeoutMs } = this.#options
    this.#line = new WaitingLine(acquireTimeoutMs, () => acquireTimeout(max, acquireTimeoutMs))
  }

  get figures(): PoolFigures {
    const { max } = this.#options
    return { max, used: this.#used, idle: this.#idle.length, waiting: this.#line.size }
  }

  async acquire(signal: AbortSignal, fresh = false): Promise<SessionLease> {
    if (this.#closing !== undefined) throw closed()
    if (this.#used < this.#options.max) this.#used += 1
    else await this.#waitForPlace(signal)
    try {
      if (this.#closing !== undefined) throw closed()
      const idle = this.#takeIdle()
      // Where one was dead, those that lay beside it may be; this one makes room.
      if (fresh && idle !== undefined) this.#end(idle)
      const reused = !fresh && idle !== undefined
      const session = reused ? idle : await this.#open(signal)
      return { session, reused, release: () => this.#release(session) }
    } catch (error) {
      this.#leavePlace()
      throw error
    }
  }

  async dedicate(signal: AbortSignal): Promise<SessionLease> {
    if (this.#closing !== undefined) throw closed()
    const session = await this.#open(signal)
    this.#dedicated.add(session)
    const release = (): void => {
      this.#dedicated.delete(session)
      session.destroy()
    }
    return { session, reused: false, release }
  }

  /** Refuses new work, waits for what is in use, and closes all connections. */
  close(): Promise<void> {
    this.#closing ??= detached(() => this.#close())
    return this.#closing
  }

  async #close(): Promise<void> {
    clearTimeout(this.#sweep)
    for (let session = this.#takeIdle(); session !== undefined; session = this.#takeIdle()) {
      this.#end(session)
    }
    for (const session of this.#dedicated) session.destroy()
    if (this.#used > 0) await this.#drained.promise
    await Promise.all(this.#leaving)
  }

  /** Whoever leaves hands the place on: nobody gets between. */
  #waitForPlace(signal: AbortSignal): Promise<void> {
    const { queueLimit, max } = this.#options
    if (this.#line.size >= queueLimit) throw overloaded(max, queueLimit)
    return this.#line.wait(signal)
  }

  #leavePlace(): void {
    if (this.#line.serve()) return
    this.#used -= 1
    if (this.#used === 0 && this.#closing !== undefined) this.#drained.resolve()
  }

  #takeIdle(): Session | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (entry.session.reusable) return entry.session
    }
    return undefined
  }

  #release(session: Session): void {
    const isChanged = session.isChanged || this.#options.reset === 'always'
    if (session.reusable && isChanged && this.#closing === undefined) {
      // It keeps its place until it is as good as new.
      void detached(() => session.reset())
        .catch(() => session.destroy())
        .finally(() => this.#giveBack(session))
    } else this.#giveBack(session)
  }

  #giveBack(session: Session): void {
    if (this.#closing !== undefined) this.#end(session)
    else if (session.reusable) this.#keep(session)
    else session.destroy()
    this.#leavePlace()
  }

  #keep(session: Session): void {
    this.#idle.push({ session, since: performance.now() })
    this.#armSweep()
  }

  /** One timer for all. Not on the scopes' clock: nobody waits for it, and it keeps no process alive. */
  #armSweep(): void {
    const { idleTimeoutMs } = this.#options
    const [longest] = this.#idle
    if (this.#sweep !== undefined || longest === undefined || idleTimeoutMs === Infinity) return
    const delayMs = longest.since + idleTimeoutMs - performance.now()
    this.#sweep = detached(() => setTimeout(() => this.#expire(), Math.max(1, delayMs)))
    this.#sweep.unref()
  }

  #expire(): void {
    this.#sweep = undefined
    const usedBefore = performance.now() - this.#options.idleTimeoutMs
    while (this.#idle[0] !== undefined && this.#idle[0].since <= usedBefore) {
      const entry = this.#idle.shift()
      if (entry !== undefined) this.#end(entry.session)
    }
    this.#armSweep()
  }

  #end(session: Session): void {
    const leaving = detached(() => session.end()).finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}

function closed(): DbError {
  return new DbError('This database was closed', {
    operation: 'acquire',
    code: 'closed',
    outcome: 'none',
  })
}

function overloaded(max: number, queueLimit: number): DbError {
  return new DbError(`All ${max} connections are in use and ${queueLimit} callers wait already`, {
    operation: 'acquire',
    code: 'overloaded',
    retryable: true,
    outcome: 'none',
  })
}

function acquireTimeout(max: number, acquireTimeoutMs: number): DbError {
  return new DbError(`None of ${max} connections became free within ${acquireTimeoutMs} ms`, {
    operation: 'acquire',
    code: 'acquire_timeout',
    retryable: true,
    outcome: 'none',
  })
}
