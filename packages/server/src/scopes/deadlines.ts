import { AsyncResource } from 'node:async_hooks'
import { type Clock, currentClock, type Timer } from '@yuzuru/concurrency'
import { type Link, Ring } from '@yuzuru/concurrency/boundary'

/** The context in which this was loaded: the timer of all must not hold that of the first. */
const outside = new AsyncResource('YuzuruDeadlines')

/** What falls due. */
export interface Due<T extends Due<T>> extends Link<T> {
  /** When, on the clock. */
  readonly expiresAt: number
  /** Called once it is due. */
  expire(): void
}

/**
 * One timer for many that fall due in the order in which they came, as those with equally much time do. A request is
 * answered far more often than it falls due, and to start and to stop a timer for each takes longer than all of this.
 */
export class Deadlines<T extends Due<T>> {
  readonly #line: Ring<T> = new Ring()
  #clock: Clock | undefined
  /** It may be due for one that has left since: then it is started anew for the next. */
  #timer: Timer | undefined
  /** When the timer is due. */
  #timerAt = Infinity

  /**
   * Adds one.
   *
   * @returns `false` if it falls due before one that came before it: it needs a timer of its own
   */
  add(due: T, now: number): boolean {
    const clock = currentClock()
    const { first } = this.#line
    if (first === undefined) {
      this.#line.add(due)
      if (clock !== this.#clock || due.expiresAt < this.#timerAt) this.#arm(due, now, clock)
      return true
    }
    if (clock !== this.#clock || due.expiresAt < first.before.expiresAt) return false
    this.#line.add(due)
    return true
  }

  /** Takes one out, if it is in here. The timer stays: most often the next one comes soon. */
  remove(due: T): void {
    if (due.home === this.#line) this.#line.remove(due)
  }

  /** To be called when there is none for now: the timer would keep the process alive. */
  rest(): void {
    if (!this.#line.isEmpty) return
    this.#timer?.cancel()
    this.#forgetTimer()
  }

  #forgetTimer(): void {
    this.#timer = undefined
    this.#timerAt = Infinity
  }

  #arm({ expiresAt }: T, now: number, clock: Clock): void {
    this.#timer?.cancel()
    this.#clock = clock
    this.#forgetTimer()
    if (expiresAt === Infinity) return
    const delayMs = Math.max(0, expiresAt - now)
    this.#timerAt = expiresAt
    this.#timer = outside.runInAsyncScope(() => clock.schedule(delayMs, () => this.#look(), now))
  }

  #look(): void {
    this.#forgetTimer()
    const clock = this.#clock as Clock
    const now = clock.now()
    for (let each = this.#line.first; each !== undefined && each.expiresAt <= now;) {
      this.#line.remove(each)
      each.expire()
      each = this.#line.first
    }
    const { first } = this.#line
    if (first !== undefined && this.#timer === undefined) this.#arm(first, now, clock)
  }
}
