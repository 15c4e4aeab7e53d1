import { currentClock, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type Admission, admission } from '@yuzuru/concurrency/boundary'
import type { Permit } from '@yuzuru/concurrency/sync'
import type { Dispatcher } from 'undici'
import { type CallContext, failure, refusedEntry } from '../errors/call-context.ts'
import { createPool, type PoolSettings } from './create-pool.ts'
import { Sockets } from './sockets.ts'

/** How long an answer may stay unread while others wait for its connection, in milliseconds. */
const RECLAIM_MS = 1_000

/** How connections are made, and how many calls may wait for one. */
export interface ConnectionSettings extends PoolSettings {
  readonly queue: number
  /** Used instead of a pool of our own. */
  readonly client: Dispatcher | undefined
}

/** What holds a connection: a request with its answer. */
export interface Occupant extends Dispatcher.DispatchHandler {
  /** Since when the server waits for a reader that has not come yet; `undefined`: it does not. */
  readonly unreadSince: number | undefined
  /** Ends it because its body is not being read. */
  abandon(waitedMs: number): void
  /** Ends it because the client is closed. */
  close(): void
  /** Where it stands among the occupants; set by them. */
  place: number
}

/** The connections to one origin: what holds them, and the queue of the calls that wait for one. */
export class OriginConnections {
  readonly origin: string
  // In no order, each knows its place: a set would keep what it held from being collected young.
  readonly #occupants: Occupant[] = []
  readonly #admission: Admission<CallContext>
  readonly #own: Dispatcher | undefined
  readonly #dispatcher: Dispatcher
  readonly #sockets = new Sockets()
  #reclaiming = false

  constructor(origin: string, settings: ConnectionSettings) {
    const { connections, queue, client } = settings
    this.origin = origin
    this.#admission = admission({
      connections,
      queue,
      // Each call may have a limit of its own: `acquire` applies it.
      acquireTimeoutMs: Infinity,
      name: origin,
      refuse: refusedEntry,
    })
    this.#own = client === undefined ? createPool(origin, settings, this.#sockets) : undefined
    this.#dispatcher = this.#own ?? (client as Dispatcher)
  }

  /** How many requests hold a connection. */
  get running(): number {
    return this.#occupants.length
  }

  /** How many calls wait for a connection. */
  get queued(): number {
    return this.#admission.waiting
  }

  /** Whether none of them is in use. */
  get isIdle(): boolean {
    return this.#admission.used === 0 && this.#admission.waiting === 0
  }

  /** Whether one is free now. */
  get hasFree(): boolean {
    return this.#admission.available > 0
  }

  /** Whether nothing may be sent over them any more. */
  get closed(): boolean {
    return this.#admission.closed
  }

  /** The right to use a connection if one is free now. */
  tryAcquire(context: CallContext): Permit | undefined {
    return this.#admission.closed ? undefined : this.#admission.tryAcquire(context)
  }

  /**
   * Waits for the right to use a connection.
   *
   * @throws {HttpError} `'overloaded'`, `'acquire_timeout'`, `'closed'`
   */
  async acquire(context: CallContext, timeoutMs: number): Promise<Permit> {
    this.#reclaim()
    if (timeoutMs === Infinity) return await this.#admission.acquire(context)
    const name = 'http.acquire'
    try {
      return await withTimeout(timeoutMs, () => this.#admission.acquire(context), { name })
    } catch (cause) {
      if (!TimeoutError.isInstance(cause) || cause.scope !== name) throw cause
      const reason = `was not sent: no connection was free within ${timeoutMs} ms`
      const init = { outcome: 'none', retryable: true, cause } as const
      throw failure(context, 'acquire_timeout', reason, init)
    }
  }

  /** Sends a request; `occupant` hears what becomes of it. */
  dispatch(options: Dispatcher.DispatchOptions, occupant: Occupant): void {
    occupant.place = this.#occupants.push(occupant) - 1
    this.#dispatcher.dispatch(options, occupant)
  }

  /** The connection of `occupant` is free or gone. */
  leave(occupant: Occupant): void {
    const last = this.#occupants.pop()
    if (last === undefined || last === occupant) return
    this.#occupants[occupant.place] = last
    last.place = occupant.place
  }

  /** Ends what is under way and what waits, and closes the connections if they are our own. */
  async destroy(): Promise<void> {
    this.#admission.close()
    for (const occupant of this.#occupants.slice()) occupant.close()
    const ended = this.#own?.destroy()
    this.#sockets.close()
    await ended
  }

  /** Takes connections back from answers that are not being read, now that other calls need them. */
  #reclaim(): void {
    if (this.#reclaiming) return
    const now = currentClock().now()
    let nextMs = Infinity
    for (const occupant of this.#occupants.slice()) {
      const since = occupant.unreadSince
      if (since === undefined) continue
      if (now - since >= RECLAIM_MS) occupant.abandon(now - since)
      else nextMs = Math.min(nextMs, since + RECLAIM_MS - now)
    }
    if (nextMs === Infinity) return
    this.#reclaiming = true
    currentClock().schedule(nextMs, () => {
      this.#reclaiming = false
      if (this.#admission.waiting > 0) this.#reclaim()
    })
  }
}
