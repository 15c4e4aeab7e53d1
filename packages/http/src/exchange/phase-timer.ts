import { type Clock, currentClock, type Timer } from '@yuzuru/concurrency'

/** What may last too long: the code of the error that says so. */
export type Phase = 'headers_timeout' | 'stalled' | 'body_abandoned'

/**
 * Limits one phase at a time. There is one timer for all of them: a timer that fires early, because a
 * byte has moved or a longer phase has begun since, re-arms itself.
 */
export class PhaseTimer {
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

  /** When something moved last, or the phase began. */
  get touchedAt(): number {
    return this.#touchedAt
  }

  /** Something has moved: the limit counts from now. */
  touch(): void {
    this.#touchedAt = this.#clock.now()
  }

  /** Begins a phase, in place of the one before it. */
  begin(phase: Phase, limitMs: number): void {
    this.#phase = phase
    this.#limitMs = limitMs
    this.touch()
    if (this.#touchedAt + limitMs < this.#firesAt) this.#arm(limitMs, this.#touchedAt)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#limitMs = Infinity
  }

  #arm(delayMs: number, now: number): void {
    this.#timer?.cancel()
    this.#firesAt = now + delayMs
    this.#timer = this.#clock.schedule(delayMs, () => this.#check())
  }

  #check(): void {
    this.#firesAt = Infinity
    if (this.#limitMs === Infinity || this.#phase === undefined) return
    const now = this.#clock.now()
    const leftMs = this.#touchedAt + this.#limitMs - now
    if (leftMs > 0) this.#arm(leftMs, now)
    else this.#late(this.#phase, this.#limitMs)
  }
}
