import { currentClock, detached, moveOnAfter, shield } from '@yuzuru/concurrency'
import { Event } from '@yuzuru/concurrency/sync'
import { type CallContext, failure } from '../errors/call-context.ts'

/** The end of a client: counts what is under way, waits for it, closes the connections. */
export class Closing {
  readonly #end: () => Promise<void>
  #active = 0
  #open = 0
  #drained: PromiseWithResolvers<void> | undefined = undefined
  #closed: Promise<void> | undefined = undefined
  readonly #over = new Event({ name: 'http.close' })

  /** @param end closes the connections */
  constructor(end: () => Promise<void>) {
    this.#end = end
  }

  /** How many calls have not ended. */
  get active(): number {
    return this.#active
  }

  /** Counts a call in. */
  enter(context: CallContext): void {
    if (this.#closed !== undefined) throw closedFailure(context)
    this.#active += 1
  }

  leave(): void {
    this.#active -= 1
    this.#check()
  }

  /** Counts a request in that holds a connection. `false`: none may any more. */
  open(): boolean {
    if (this.#over.isSet) return false
    this.#open += 1
    return true
  }

  release(): void {
    this.#open -= 1
    this.#check()
  }

  /** Waits before a repeat; no longer than until the client is closed for good. */
  async pause(delayMs: number): Promise<void> {
    await moveOnAfter(delayMs, () => this.#over.wait())
  }

  async close(drainMs: number): Promise<void> {
    const closed = (this.#closed ??= detached(() => this.#close(drainMs)))
    await shield(() => closed, { name: 'http.close' })
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#active + this.#open > 0) {
      const drained = (this.#drained = Promise.withResolvers())
      const late = currentClock().schedule(drainMs, () => drained.resolve())
      await drained.promise
      late.cancel()
    }
    this.#over.set()
    await this.#end()
  }

  #check(): void {
    if (this.#active + this.#open === 0) this.#drained?.resolve()
  }
}

/** The error for a request after the end. */
export function closedFailure(context: CallContext): Error {
  const told = 'was not sent: the client is closed'
  return failure(context, 'closed', told, { outcome: 'none', retryable: false })
}
