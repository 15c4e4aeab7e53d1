import { type Permit, Semaphore, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type Dispatcher, Pool } from 'undici'
import { type CallContext, failure } from './call-context.ts'
import { createConnector } from './connector.ts'
import type { Exchange } from './exchange.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Settings } from './settings.ts'

/** The connections to one origin and who waits for them. */
export class Origin {
  readonly name: string
  readonly budget: RetryBudget | undefined
  /** The exchanges that hold a connection. */
  readonly exchanges: Set<Exchange> = new Set()
  readonly #slots: Semaphore
  readonly #queue: number
  readonly #queueMs: number
  readonly #own: Pool | undefined
  readonly #dispatcher: Dispatcher

  constructor(name: string, settings: Settings) {
    const { retry, timeouts } = settings
    this.name = name
    this.#slots = new Semaphore(settings.connections, { name })
    this.#queue = settings.queue
    this.#queueMs = timeouts.queueMs
    this.budget = retry && new RetryBudget(retry.budgetRatio, retry.budgetReserve)
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

  dispatch(options: Dispatcher.DispatchOptions, exchange: Exchange): void {
    this.#dispatcher.dispatch(options, exchange)
  }

  /** Ends what is under way and closes the connections, if they are its own. */
  async destroy(): Promise<void> {
    for (const exchange of this.exchanges) exchange.close()
    await this.#own?.destroy()
  }
}

function createPool(origin: string, settings: Settings): Pool {
  return new Pool(origin, {
    connections: settings.connections,
    connect: createConnector(settings.allow, settings.timeouts.connectMs),
    // Ours cover every phase and fire on time.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}
