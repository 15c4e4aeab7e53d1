import { currentClock, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type CircuitBreaker } from '@yuzuru/concurrency/resilience'
import { type Permit, Semaphore } from '@yuzuru/concurrency/sync'
import type { Dispatcher } from 'undici'
import { type CallContext, failure } from './call-context.ts'
import { createBreaker } from './breaker.ts'
import { createPool } from './create-pool.ts'
import type { Exchange } from './exchange.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Settings } from './settings.ts'

/** How long an answer may stay unread while others wait for its connection, in milliseconds. */
const RECLAIM_MS = 1_000

/** The connections to one origin and who waits for them. */
export class Origin {
  readonly name: string
  readonly budget: RetryBudget | undefined
  readonly breaker: CircuitBreaker | undefined
  /** The exchanges that hold a connection. */
  readonly exchanges: Set<Exchange> = new Set()
  readonly #slots: Semaphore
  readonly #queue: number
  readonly #queueMs: number
  readonly #own: Dispatcher | undefined
  readonly #dispatcher: Dispatcher
  #reclaiming = false

  constructor(name: string, settings: Settings) {
    const { retry, timeouts } = settings
    this.name = name
    this.#slots = new Semaphore(settings.connections, { name })
    this.#queue = settings.queue
    this.#queueMs = timeouts.queueMs
    this.budget = retry && new RetryBudget(retry.budgetRatio, retry.budgetReserve)
    this.breaker = createBreaker(name, settings)
    this.#own = settings.dispatcher === undefined ? createPool(name, settings) : undefined
    this.#dispatcher = this.#own ?? (settings.dispatcher as Dispatcher)
  }

  /** How many calls wait for a connection. */
  get queued(): number {
    return this.#slots.waiting
  }

  /** Whether nobody uses it. */
  get isIdle(): boolean {
    return this.exchanges.size === 0 && this.#slots.waiting === 0
  }

  /** Whether a connection is free now. */
  get hasFree(): boolean {
    return this.#slots.available > 0
  }

  /** The right to use a connection if one is free now. */
  tryEnter(): Permit | undefined {
    return this.#slots.tryAcquire()
  }

  /** Waits for the right to use a connection. */
  async enter(context: CallContext): Promise<Permit> {
    if (this.#slots.waiting >= this.#queue) {
      const told = `was not sent: ${this.#queue} calls wait for a connection already`
      throw failure(context, 'overloaded', told, { outcome: 'none', retryable: true })
    }
    this.#reclaim()
    if (this.#queueMs === Infinity) return await this.#slots.acquire()
    try {
      return await withTimeout(this.#queueMs, () => this.#slots.acquire(), { name: 'http.queue' })
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

  /** Takes connections back from answers that nobody reads, now that others want them. */
  #reclaim(): void {
    if (this.#reclaiming) return
    const now = currentClock().now()
    let nextMs = Infinity
    for (const exchange of this.exchanges) {
      const since = exchange.unreadSince
      if (since === undefined) continue
      if (now - since >= RECLAIM_MS) exchange.abandon(now - since)
      else nextMs = Math.min(nextMs, since + RECLAIM_MS - now)
    }
    if (nextMs === Infinity) return
    this.#reclaiming = true
    currentClock().schedule(nextMs, () => {
      this.#reclaiming = false
      if (this.#slots.waiting > 0) this.#reclaim()
    })
  }

  dispatch(options: Dispatcher.DispatchOptions, exchange: Exchange): void {
    this.#dispatcher.dispatch(options, exchange)
  }

  /** Ends what is under way and closes the connections, if they are its own. */
  async destroy(): Promise<void> {
    for (const exchange of this.exchanges) exchange.close()
    await this.#own?.destroy()
  }
}
