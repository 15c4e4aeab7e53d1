import { currentClock, type Timer } from '@yuzuru/concurrency'

interface Waiter {
  readonly expiresAt: number
  readonly serve: () => void
  readonly expire: () => void
}

/**
 * Those who wait for a connection: first come, first served; each leaves when its signal fires or its
 * time is over. All have the same time, so the first is always the next to run out of it, and one timer
 * does for all: under load every query waits, and a scope of its own for each would cost too much.
 */
export class WaitingLine {
  readonly #timeoutMs: number
  readonly #expired: () => Error
  readonly #waiters = new Set<Waiter>()
  #timer: Timer | undefined = undefined

  /** @param expired makes the error of one whose time is over */
  constructor(timeoutMs: number, expired: () => Error) {
    this.#timeoutMs = timeoutMs
    this.#expired = expired
  }

  get size(): number {
    return this.#waiters.size
  }

  /** Resolves when it is this one's turn; rejects with the reason of `signal`. */
  wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener('abort', abort)
        this.#waiters.delete(waiter)
        if (this.#waiters.size === 0) this.#disarm()
      }
      const abort = (): void => {
        leave()
        reject(signal.reason)
      }
      const waiter: Waiter = {
        expiresAt: currentClock().now() + this.#timeoutMs,
        serve: () => {
          leave()
          resolve()
        },
        expire: () => {
          leave()
          reject(this.#expired())
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiters.add(waiter)
      this.#arm()
    })
  }

  /** Serves the first. `false`: there is none. */
  serve(): boolean {
    const [first] = this.#waiters
    first?.serve()
    return first !== undefined
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#timeoutMs === Infinity) return
    const [first] = this.#waiters
    if (first === undefined) return
    const delayMs = Math.max(0, first.expiresAt - currentClock().now())
    this.#timer = currentClock().schedule(delayMs, () => this.#expire())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #expire(): void {
    this.#timer = undefined
    const now = currentClock().now()
    for (const waiter of this.#waiters) {
      if (waiter.expiresAt > now) break
      waiter.expire()
    }
    this.#arm()
  }
}
