import { Baselines } from './baselines.ts'
import type { LearningLimit, Running, Sample } from './limit.ts'

/*
 * How many requests may run at once, learnt from how long they take.
 *
 * 1. Samples are gathered in windows. Each is held against what its name usually takes (baselines.ts), and
 *    the mean of these ratios says how much slower the server is than it could be.
 * 2. The limit shrinks or grows by what that leaves of the tolerance, or by what the event loop's turns leave
 *    of theirs, whichever is less; and it grows by half its square root. It grows only where it is made use of.
 * 3. Now and then it probes: it halves itself as long as that makes requests faster, and so finds out what
 *    they take when there is room. Without, what is slow would come to be taken for usual.
 * 4. Where requests run that take long, and are not known to be overdue, few or no samples come: it grows
 *    nevertheless. Long polls are no congestion, and must lock nobody out.
 *
 * The gradient is Envoy's and Netflix's; see docs/decisions/0054-an-adaptive-limit.md.
 */

/** A window lasts at least so long, in milliseconds, and has at least so many samples … */
const WINDOW_MS = 100
const WINDOW_SAMPLES = 20

/** … but ends after so long, whatever it has. */
const LONGEST_WINDOW_MS = 1_000

/** Fewer samples than these say nothing. */
const FEWEST_SAMPLES = 5

/** How many times slower than usual is still well. */
const TOLERANCE = 1.4

/** No sample counts for more than so many times its usual: one slow request is no congestion. */
const MOST_RATIO = 4

/** How long a turn of the event loop may take on average, in milliseconds. */
const TURN_MS = 50

/** By how much a window may change the limit. */
const LEAST_GRADIENT = 0.5
const MOST_GRADIENT = 1.25

/** So much of the limit has to be in use for it to grow, and so little for what is measured to be usual. */
const USED = 0.8
const CALM = 0.5

/** The limit at first. */
const INITIAL = 20

/** So many windows of load pass between two probes. */
const WINDOWS_BETWEEN_PROBES = 100

/** What is less than this share of before is faster. */
const FASTER = 0.8

/** A search for how fast requests are when there is room. */
interface Probe {
  /** The limit meanwhile. */
  limit: number
  /** How slow the window before was. */
  ratio: number
  /** How slow the one before the probe was. */
  readonly loaded: number
}

export class GradientLimit implements LearningLimit {
  readonly #min: number
  readonly #max: number
  readonly #baselines = new Baselines()
  #limit: number
  #probe: Probe | undefined
  #untilProbe = 1
  #era = 0
  #startedAt = 0
  #most = 0
  #count = 0
  #tookMs = 0
  /** On average, in the last window that had samples. */
  #lastTookMs = Infinity
  #ratios = { sum: 0, clipped: 0, count: 0 }
  #turns = { sum: 0, count: 0 }

  constructor({ min, max }: { readonly min: number; readonly max: number }) {
    this.#min = min
    this.#max = max
    this.#limit = this.#within(INITIAL)
  }

  get current(): number {
    return Math.floor(this.#probe?.limit ?? this.#limit)
  }

  get queue(): number {
    return Math.ceil(this.#limit / 2)
  }

  get most(): number {
    return this.#max
  }

  get tookMs(): number {
    return this.#lastTookMs
  }

  get era(): number {
    return this.#era
  }

  ran(count: number): void {
    if (count > this.#most) this.#most = count
  }

  ended({ name, tookMs, era, isCut }: Sample): void {
    // While it probes, only those count that had the room from their beginning.
    if (this.#probe !== undefined && era !== this.#era) return
    const ratio = this.#baselines.ratioOf(name, tookMs)
    if (isCut && !(ratio !== undefined && ratio > TOLERANCE)) return
    this.#count += 1
    this.#tookMs += tookMs
    if (!isCut) this.#baselines.measure(name, tookMs)
    if (ratio === undefined) return
    this.#ratios.sum += ratio
    this.#ratios.clipped += Math.min(ratio, MOST_RATIO)
    this.#ratios.count += 1
  }

  turned(delayMs: number): void {
    this.#turns.sum += delayMs
    this.#turns.count += 1
  }

  isDue(now: number): boolean {
    const lasted = now - this.#startedAt
    if (lasted >= LONGEST_WINDOW_MS) return true
    if (this.#count < WINDOW_SAMPLES) return false
    // What a new limit does is seen in those that began under it.
    return lasted >= Math.max(WINDOW_MS, this.#tookMs / this.#count)
  }

  learn(now: number, running: Iterable<Running>): void {
    if (this.#probe !== undefined) this.#goOnProbing(this.#probe)
    else if (this.#count >= FEWEST_SAMPLES) this.#follow()
    else if (this.#isUsed && this.#isQuick && !this.#isOverdue(now, running)) {
      this.#limit = this.#within(this.#limit * 1.5 + 1)
    }
    this.#baselines.learnNew()
    this.#begin(now)
  }

  /** Whether the limit is made use of. */
  get #isUsed(): boolean {
    return this.#most >= USED * this.current
  }

  get #isCalm(): boolean {
    return this.#most < CALM * this.current
  }

  get #isQuick(): boolean {
    return this.#turnMs <= TURN_MS
  }

  get #turnMs(): number {
    return this.#turns.count === 0 ? 0 : this.#turns.sum / this.#turns.count
  }

  /** Whether half of those that run have taken longer than their kind usually takes. */
  #isOverdue(now: number, running: Iterable<Running>): boolean {
    let all = 0
    let late = 0
    for (const { name, beganAt } of running) {
      all += 1
      if ((this.#baselines.ratioOf(name, now - beganAt) ?? 0) > TOLERANCE) late += 1
    }
    return late * 2 > all
  }

  #follow(): void {
    const { clipped, count } = this.#ratios
    const ratio = count === 0 ? 1 : clipped / count
    const gradient = Math.min(TOLERANCE / ratio, TURN_MS / this.#turnMs)
    const isUsed = this.#isUsed
    // With hardly any room to shrink, or so little to do, this is how fast requests are.
    if (this.#limit <= 2 * this.#min) this.#baselines.learn(true)
    else if (this.#isCalm) this.#baselines.learn(false)
    const most = isUsed ? MOST_GRADIENT : 1
    const growth = isUsed ? Math.sqrt(this.#limit) / 2 : 0
    const limit = this.#limit * Math.min(most, Math.max(LEAST_GRADIENT, gradient)) + growth
    if (isUsed) this.#untilProbe -= 1
    if (this.#untilProbe < 0 && this.#limit > this.#min) this.#beginProbe()
    this.#limit = this.#within(limit)
  }

  #beginProbe(): void {
    const ratio = this.#ratio
    this.#untilProbe = WINDOWS_BETWEEN_PROBES
    this.#probe = { limit: this.#within(this.#limit / 2), ratio, loaded: ratio }
  }

  #goOnProbing(probe: Probe): void {
    const ratio = this.#ratio
    if (this.#count < FEWEST_SAMPLES) {
      this.#probe = undefined
      return
    }
    const isFaster = ratio < FASTER * probe.ratio
    if (isFaster && probe.limit > this.#min) {
      probe.limit = this.#within(probe.limit / 2)
      probe.ratio = ratio
      return
    }
    this.#baselines.learn(true)
    const room = (TOLERANCE * Math.min(ratio, probe.ratio)) / probe.loaded
    this.#limit = this.#within(this.#limit * Math.min(1, room))
    this.#probe = undefined
  }

  /** How many times slower than usual requests were, on average. */
  get #ratio(): number {
    const { sum, count } = this.#ratios
    return count === 0 ? 1 : sum / count
  }

  #begin(now: number): void {
    if (this.#count > 0) this.#lastTookMs = this.#tookMs / this.#count
    this.#startedAt = now
    this.#era += 1
    this.#most = 0
    this.#count = 0
    this.#tookMs = 0
    this.#ratios = { sum: 0, clipped: 0, count: 0 }
    this.#turns = { sum: 0, count: 0 }
    this.#baselines.forget()
  }

  #within(limit: number): number {
    return Math.min(this.#max, Math.max(this.#min, limit))
  }
}
