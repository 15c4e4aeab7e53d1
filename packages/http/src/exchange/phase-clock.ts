import { type Clock, currentClock, type Timer } from '@yuzuru/concurrency'

/** One limit at a time, for the phase that lasts. A timer that fires early re-arms itself. */
export class PhaseClock<Phase extends string> {
  readonly #clock: Clock = currentClock()
  readonly #late: (phase: Phase, limitMs: number) => void
  #phase: Phase | undefined = undefined
  #limitMs = Infinity
  #touchedAt = 0
  #firesAt = Infinity
  #timer: Timer | undefined = undefined

  /** @param late called when a phase has lasted too long */
  constructor(late: (phase: Phase, limitMs: number) => void) {
    this.#late = late
  }

  get clock(): Clock {
    return this.#clock
  }

  /** Since when nothing has moved. */
  get touchedAt(): number {
    return this.#touchedAt
  }

  /** Something has moved: the phase lasts anew. */
  touch(): void {
    this.#touchedAt = this.#clock.now()
  }

  /** Begins a phase. */
  begin(phase: Phase, limitMs: number): void {
    this.#phase = phase
    this.#limitMs = limitMs
    this.touch()
    if (this.#touchedAt + limitMs < this.#firesAt) this.#arm(limitMs)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#limitMs = Infinity
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel()
    this.#firesAt = this.#clock.now() + delayMs
    this.#timer = this.#clock.schedule(delayMs, () => this.#check())
  }

  #check(): void {
    this.#firesAt = Infinity
    if (this.#limitMs === Infinity || this.#phase === undefined) return
    const left = this.#touchedAt + this.#limitMs - this.#clock.now()
    if (left > 0) this.#arm(left)
    else this.#late(this.#phase, this.#limitMs)
  }
}
