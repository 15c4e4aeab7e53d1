import { AsyncResource } from 'node:async_hooks'
import { Heap, type Ranked } from './heap.ts'
import { onSupportedNode } from './supported-node.ts'

/*
 * A deadline is set far more often than it passes. Starting and stopping one of Node's timers takes longer
 * than everything else that a scope does, so all are kept in one heap, and Node has a timer for the first
 * of them only.
 */

/** The longest delay that `setTimeout` takes (HTML: a 32-bit signed integer). */
export const MAX_DELAY_MS: number = 2 ** 31 - 1

const timers = new Heap<SystemTimer>()

/**
 * Node's timer. The timer that it was started for may have been cancelled since; then it finds nothing to
 * do.
 */
let native: NodeJS.Timeout | undefined
let nativeDueAt = Infinity
/** The `setTimeout` that started it; a test may have replaced the global since. */
let startedBy: typeof setTimeout | undefined

/** The context in which the package was loaded: Node's timer must not hold that of the first caller. */
const outside = onSupportedNode(() => new AsyncResource('YuzuruTimers'))

let started = 0

/** A timer on the real clock. */
export class SystemTimer implements Ranked {
  /** When it is due. */
  readonly priority: number
  readonly number: number
  place = -1
  readonly #callback: () => void
  readonly #context = new AsyncResource('YuzuruTimer')

  constructor(delayMs: number, callback: () => void, now: number) {
    this.priority = now + delayMs
    this.number = started += 1
    this.#callback = callback
    timers.add(this)
    if (this.priority < nativeDueAt || startedBy !== setTimeout) arm()
    else if (timers.size === 1) native?.ref()
  }

  cancel(): void {
    if (this.place === -1) return
    timers.remove(this)
    if (timers.size === 0) native?.unref()
  }

  fire(): void {
    timers.remove(this)
    this.#context.runInAsyncScope(this.#callback)
  }
}

/** Starts Node's timer for the first of all. */
function arm(): void {
  const first = timers.first
  if (native !== undefined) clearTimeout(native)
  native = undefined
  nativeDueAt = Infinity
  if (first === undefined) return
  const now = performance.now()
  // Node warns of a negative delay, such as that of a timer that fell due while the event loop was blocked.
  const delayMs = Math.max(1, Math.min(Math.ceil(first.priority - now), MAX_DELAY_MS))
  nativeDueAt = Math.min(first.priority, now + delayMs)
  startedBy = setTimeout
  native = outside.runInAsyncScope(() => setTimeout(fire, delayMs))
}

/** Fires the timers that are due. Node's clock and ours may differ by a millisecond; Node's counts. */
function fire(): void {
  native = undefined
  fireNext(Math.max(performance.now(), nativeDueAt))
}

/** Timers that are started meanwhile are not due by `now`, so the event loop gets its turn. */
function fireNext(now: number): void {
  const { first } = timers
  if (first === undefined || first.priority > now) {
    arm()
    return
  }
  // As between two timers of Node, the code that this one wakes goes on first, and may cancel the next.
  queueMicrotask(() => process.nextTick(fireNext, now))
  first.fire()
}
