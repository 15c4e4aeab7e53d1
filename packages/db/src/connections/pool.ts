import { detached } from '@yuzuru/concurrency'
import {
  admission,
  type Admission,
  closing,
  type Closing,
  type CloseOptions,
} from '@yuzuru/concurrency/boundary'
import type { Permit } from '@yuzuru/concurrency/sync'
import type { PoolOptions } from '../database-options.ts'
import { IdleSessions } from './idle-sessions.ts'
import { closedMeanwhile, refusal } from './refusal.ts'
import type { Session } from './session.ts'
import type { OpenSession, PoolFigures, SessionLease, SessionSource } from './session-source.ts'

/** A bounded pool: first come, first served, the most recently used session first. */
export class Pool implements SessionSource {
  readonly #open: OpenSession
  readonly #resets: 'changed' | 'always'
  readonly #slots: Admission
  readonly #life: Closing
  readonly #idle: IdleSessions
  readonly #inUse = new Set<Session>()
  readonly #dedicated = new Set<Session>()
  /** Sessions that are being closed. */
  readonly #leaving = new Set<Promise<void>>()

  constructor(open: OpenSession, options: PoolOptions = {}) {
    const { connections = 10, queue, acquireTimeoutMs, idleTimeoutMs = 30_000, reset } = options
    this.#open = open
    this.#resets = reset ?? 'changed'
    this.#idle = new IdleSessions(idleTimeoutMs, (session) => this.#end(session))
    this.#slots = admission({
      connections,
      name: 'db',
      refuse: refusal,
      ...(queue === undefined ? {} : { queue }),
      ...(acquireTimeoutMs === undefined ? {} : { acquireTimeoutMs }),
    })
    this.#life = closing({
      name: 'db',
      refuse: refusal,
      cut: () => this.#cut(),
      end: () => this.#endAll(),
    })
  }

  get figures(): PoolFigures {
    const { connections, used, waiting } = this.#slots
    return { connections, used, idle: this.#idle.size, waiting }
  }

  async acquire(signal: AbortSignal, fresh = false): Promise<SessionLease> {
    const call = this.#life.enter()
    let slot: Permit | undefined
    try {
      slot = this.#slots.tryAcquire() ?? (await this.#slots.acquire())
      const idle = this.#idle.take()
      const reused = idle !== undefined && !fresh
      const session = reused ? idle : await this.#openInstead(idle, signal)
      this.#inUse.add(session)
      const permits = [slot, call]
      return { session, reused, release: () => this.#release(session, permits) }
    } catch (error) {
      slot?.release()
      call.release()
      throw error
    }
  }

  async dedicate(signal: AbortSignal): Promise<SessionLease> {
    using _call = this.#life.enter()
    const session = await this.#openUnless(signal, 'draining')
    this.#dedicated.add(session)
    const release = (): void => {
      this.#dedicated.delete(session)
      session.destroy()
    }
    return { session, reused: false, release }
  }

  async close(options?: CloseOptions): Promise<void> {
    const closed = this.#life.close(options)
    // A session of `listen` would never end by itself.
    if (this.#life.state !== 'open') for (const session of this.#dedicated) session.destroy()
    await closed
  }

  #openInstead(idle: Session | undefined, signal: AbortSignal): Promise<Session> {
    // If one idle session was dead, the others may be too. End one to make room for a new one.
    if (idle !== undefined) this.#end(idle)
    return this.#openUnless(signal, 'cut')
  }

  /** Opens a session. If the pool was closed or cut off meanwhile, closes it again and throws. */
  async #openUnless(signal: AbortSignal, state: 'draining' | 'cut'): Promise<Session> {
    const session = await this.#open(signal)
    if (this.#life.state === 'open') return session
    if (this.#life.state === 'draining' && state === 'cut') return session
    session.destroy()
    throw closedMeanwhile()
  }

  #release(session: Session, permits: readonly Permit[]): void {
    if (session.isSpoiled) session.destroy()
    const isToReset = session.reusable && (session.isChanged || this.#resets === 'always')
    if (!isToReset) this.#giveBack(session, permits)
    else if (this.#life.state !== 'open') {
      this.#end(session)
      this.#leave(session, permits)
    } else {
      // It keeps its place in the pool until it is reset.
      void detached(() => session.reset())
        .catch(() => session.destroy())
        .finally(() => this.#giveBack(session, permits))
    }
  }

  #giveBack(session: Session, permits: readonly Permit[]): void {
    if (session.reusable) this.#idle.keep(session)
    else session.destroy()
    this.#leave(session, permits)
  }

  #leave(session: Session, permits: readonly Permit[]): void {
    this.#inUse.delete(session)
    for (const permit of permits) permit.release()
  }

  /** Running statements fail with `connection_lost`; waiting callers are refused. */
  #cut(): void {
    this.#slots.close()
    for (const session of this.#inUse) session.destroy()
  }

  async #endAll(): Promise<void> {
    this.#slots.close()
    this.#idle.clear()
    await Promise.all(this.#leaving)
  }

  #end(session: Session): void {
    const leaving = detached(() => session.end()).finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}
