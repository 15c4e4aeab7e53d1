import { currentClock, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type Permit, Semaphore } from '@yuzuru/concurrency/sync'
import type { Dispatcher } from 'undici'
import { type CallContext, failure } from '../errors/call-context.ts'
import { createPool, type PoolSettings } from './create-pool.ts'

/** How long an answer may stay unread while others wait for its connection, in milliseconds. */
const RECLAIM_MS = 1_000

/** How connections are made and how many calls may wait for one. */
export interface ConnectionSettings extends PoolSettings {
  readonly queue: number
  readonly timeouts: PoolSettings['timeouts'] & { readonly queueMs: number }
  /** Used instead of a pool of our own. */
  readonly dispatcher: Dispatcher | undefined
}

/** What holds a connection: a request with its answer. */
export interface Occupant extends Dispatcher.DispatchHandler {
  /** Since when the server waits for a reader that has not come yet; `undefined`: it does not. */
  readonly unreadSince: number | undefined
  /** Ends it because nobody reads its body. */
  abandon(waitedMs: number): void
  /** Ends it because the client is closed. */
  close(): void
}

/** The connections to one origin: what holds them, and the line of calls that wait for one. */
export class OriginConnections {
  readonly origin: string
  readonly occupants: Set<Occupant> = new Set()
  readonly #permits: Semaphore
  readonly #queue: number
  readonly #queueMs: number
  readonly #own: Dispatcher | undefined
  readonly #dispatcher: Dispatcher
  #reclaiming = false

  constructor(origin: string, settings: ConnectionSettings) {
    this.origin = origin
    this.#permits = new Semaphore(settings.connections, { name: origin })
    this.#queue = settings.queue
    this.#queueMs = settings.timeouts.queueMs
    this.#own = settings.dispatcher === undefined ? createPool(origin, settings) : undefined
    this.#dispatcher = this.#own ?? (settings.dispatcher as Dispatcher)
  }

  /** How many calls wait for a connection. */
  get queued(): number {
    return this.#permits.waiting
  }

  /** Whether nobody uses them. */
  get isIdle(): boolean {
    return this.occupants.size === 0 && this.#permits.waiting === 0
  }

  /** Whether one is free now. */
  get hasFree(): boolean {
    return this.#permits.available > 0
  }

  /** The right to use a connection if one is free now. */
  tryAcquire(): Permit | undefined {
    return this.#permits.tryAcquire()
  }

  /** Waits for the right to use a connection. */
  async acquire(context: CallContext): Promise<Permit> {
    if (this.#permits.waiting >= this.#queue) {
      const told = `was not sent: ${this.#queue} calls wait for a connection already`
      throw failure(context, 'overloaded', told, { outcome: 'none', retryable: true })
    }
    this.#reclaim()
    if (this.#queueMs === Infinity) return await this.#permits.acquire()
    try {
      return await withTimeout(this.#queueMs, () => this.#permits.acquire(), { name: 'http.queue' })
    } catch (error) {
      if (!TimeoutError.isInstance(error) || error.scope !== 'http.queue') throw error
      const told = `was not sent: no connection was free within ${this.#queueMs} ms`
      throw failure(context, 'queue_timeout', told, {
        outcome: 'none',
        retryable: true,
        cause: error,
      })
    }
  }

  /** Sends a request; `occupant` hears of what becomes of it. */
  dispatch(options: Dispatcher.DispatchOptions, occupant: Occupant): void {
    this.occupants.add(occupant)
    this.#dispatcher.dispatch(options, occupant)
  }

  /** Ends what is under way and closes the connections, if they are its own. */
  async destroy(): Promise<void> {
    for (const occupant of this.occupants) occupant.close()
    await this.#own?.destroy()
  }

  /** Takes connections back from answers that nobody reads, now that others want them. */
  #reclaim(): void {
    if (this.#reclaiming) return
    const now = currentClock().now()
    let nextMs = Infinity
    for (const occupant of this.occupants) {
      const since = occupant.unreadSince
      if (since === undefined) continue
      if (now - since >= RECLAIM_MS) occupant.abandon(now - since)
      else nextMs = Math.min(nextMs, since + RECLAIM_MS - now)
    }
    if (nextMs === Infinity) return
    this.#reclaiming = true
    currentClock().schedule(nextMs, () => {
      this.#reclaiming = false
      if (this.#permits.waiting > 0) this.#reclaim()
    })
  }
}
