import { DbError } from '../wire/db-error.ts'
import { HandOver } from './hand-over.ts'
import type { GivenPoolOptions } from '../database-options.ts'
import type { PgPoolClientLike, PgPoolLike } from '../wire/pg-client.ts'
import type { SessionLease, PoolFigures, SessionSource } from './pool.ts'
import { Session } from './session.ts'
import { translateError } from '../wire/translate-error.ts'

/** Sessions from a pool that was passed in: its limits hold, and it is never closed here. */
export class GivenPool implements SessionSource {
  readonly #make: GivenPoolOptions['pool']
  readonly #cancelTimeoutMs: number
  readonly #sessions = new WeakMap<PgPoolClientLike, Session>()
  #pool: Promise<PgPoolLike> | undefined = undefined
  #used = 0
  #closed = false

  constructor(options: GivenPoolOptions) {
    this.#make = options.pool
    this.#cancelTimeoutMs = options.cancelTimeoutMs ?? 5_000
  }

  get figures(): PoolFigures {
    return { max: Infinity, used: this.#used, idle: 0, waiting: 0 }
  }

  async acquire(signal: AbortSignal): Promise<SessionLease> {
    if (this.#closed) {
      const init = { operation: 'acquire', code: 'closed', outcome: 'none' } as const
      throw new DbError('This database was closed', init)
    }
    const { client, session, reused } = await this.#borrow(signal)
    this.#used += 1
    const release = (): void => {
      this.#used -= 1
      // What others have prepared on it would be lost by a DISCARD ALL; the pool opens another.
      client.release(!session.reusable || session.isChanged)
    }
    return { session, reused, release }
  }

  dedicate(signal: AbortSignal): Promise<SessionLease> {
    return this.acquire(signal)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  async #borrow(signal: AbortSignal): Promise<Borrowed> {
    const borrowed = this.#ready().then((pool) =>
      HandOver.of(pool).borrow((client, isLost) => this.#receive(client, isLost)),
    )
    // A pool can't be told that we no longer wait: what comes too late goes straight back.
    const cancelled = Promise.withResolvers<never>()
    const cancel = (): void => {
      void borrowed
        .then(({ client, session }) => client.release(!session.reusable))
        .catch(() => undefined)
      cancelled.reject(signal.reason)
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await Promise.race([borrowed, cancelled.promise])
    } catch (error) {
      throw signal.aborted ? signal.reason : translateError('acquire', error, 'none')
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  #receive(client: PgPoolClientLike, isLost: boolean): Borrowed {
    let session = this.#sessions.get(client)
    const reused = session !== undefined
    if (session === undefined) {
      session = new Session(client, this.#cancelTimeoutMs)
      this.#sessions.set(client, session)
    }
    if (isLost) session.destroy()
    return { client, session, reused }
  }

  #ready(): Promise<PgPoolLike> {
    this.#pool ??= this.#create().catch((error: unknown) => {
      this.#pool = undefined
      throw error
    })
    return this.#pool
  }

  async #create(): Promise<PgPoolLike> {
    return typeof this.#make === 'function' ? await this.#make() : this.#make
  }
}

interface Borrowed {
  readonly client: PgPoolClientLike
  readonly session: Session
  readonly reused: boolean
}
