import { detached } from '@yuzuru/concurrency'
import type { Session } from './session.ts'

/** Sessions that are not in use, each for a limited time. The one that was used last is used first. */
export class IdleSessions {
  readonly #timeoutMs: number
  readonly #end: (session: Session) => void
  /** The one that was used last is at the end. */
  readonly #idle: { readonly session: Session; readonly since: number }[] = []
  #sweep: NodeJS.Timeout | undefined = undefined

  /**
   * @param timeoutMs how long a session is kept, in milliseconds; `Infinity` keeps it
   * @param end called with each session whose time is over
   */
  constructor(timeoutMs: number, end: (session: Session) => void) {
    this.#timeoutMs = timeoutMs
    this.#end = end
  }

  get size(): number {
    return this.#idle.length
  }

  keep(session: Session): void {
    this.#idle.push({ session, since: performance.now() })
    this.#arm()
  }

  /** Removes a usable session and returns it; `undefined` if there is none. */
  take(): Session | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (entry.session.reusable) return entry.session
    }
    return undefined
  }

  /** Ends all of them. */
  clear(): void {
    clearTimeout(this.#sweep)
    this.#sweep = undefined
    for (const { session } of this.#idle.splice(0)) this.#end(session)
  }

  /**
   * One timer for all sessions. It is Node's own, not one of the scopes' clock: no caller waits for it, and
   * it must not keep the process alive.
   */
  #arm(): void {
    const [longest] = this.#idle
    if (this.#sweep !== undefined || longest === undefined || this.#timeoutMs === Infinity) return
    const delayMs = longest.since + this.#timeoutMs - performance.now()
    this.#sweep = detached(() => setTimeout(() => this.#expire(), Math.max(1, delayMs)))
    this.#sweep.unref()
  }

  #expire(): void {
    this.#sweep = undefined
    const usedBefore = performance.now() - this.#timeoutMs
    while (this.#idle[0] !== undefined && this.#idle[0].since <= usedBefore) {
      const entry = this.#idle.shift()
      if (entry !== undefined) this.#end(entry.session)
    }
    this.#arm()
  }
}
