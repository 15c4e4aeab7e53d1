import { closing, type Closing, type CloseOptions, orAborted } from '@yuzuru/concurrency/boundary'
import type { GivenPoolOptions } from '../database-options.ts'
import type { PgPoolClientLike, PgPoolLike } from '../wire/pg-client.ts'
import { translateError } from '../wire/translate-error.ts'
import { HandOver } from './hand-over.ts'
import { closedMeanwhile, refusal } from './refusal.ts'
import { Session } from './session.ts'
import type { PoolFigures, SessionLease, SessionSource } from './session-source.ts'

/** Sessions from a pool that was passed in: its limits hold, and it is never closed here. */
export class GivenPool implements SessionSource {
  readonly #make: GivenPoolOptions['client']
  readonly #cancelTimeoutMs: number
  readonly #sessions = new WeakMap<PgPoolClientLike, Session>()
  readonly #inUse = new Set<Session>()
  readonly #life: Closing
  #pool: Promise<PgPoolLike> | undefined = undefined

  constructor(options: GivenPoolOptions) {
    this.#make = options.client
    this.#cancelTimeoutMs = options.cancelTimeoutMs ?? 5_000
    this.#life = closing({
      name: 'db',
      refuse: refusal,
      cut: () => {
        for (const session of this.#inUse) session.destroy()
      },
      end: () => undefined,
    })
  }

  get figures(): PoolFigures {
    return { connections: Infinity, used: this.#inUse.size, idle: 0, waiting: 0 }
  }

  async acquire(signal: AbortSignal): Promise<SessionLease> {
    const call = this.#life.enter()
    try {
      const { client, session, reused } = await this.#borrow(signal)
      if (this.#life.signal.aborted) {
        client.release(!session.reusable)
        throw closedMeanwhile()
      }
      this.#inUse.add(session)
      const release = (): void => {
        this.#inUse.delete(session)
        // Closed, not reset: a DISCARD ALL would lose what others have prepared on it. The pool opens
        // another.
        client.release(!session.reusable || session.isChanged)
        call.release()
      }
      return { session, reused, release }
    } catch (error) {
      call.release()
      throw error
    }
  }

  dedicate(signal: AbortSignal): Promise<SessionLease> {
    return this.acquire(signal)
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#life.close(options)
  }

  async #borrow(signal: AbortSignal): Promise<Borrowed> {
    const borrowed = this.#ready().then((pool) =>
      HandOver.of(pool).borrow((client, isLost) => this.#receive(client, isLost)),
    )
    try {
      // A request to a pool cannot be withdrawn: a client that comes too late is returned at once.
      return await orAborted(borrowed, signal, ({ client, session }) =>
        client.release(!session.reusable),
      )
    } catch (error) {
      throw signal.aborted ? signal.reason : translateError('acquire', error, 'none')
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
