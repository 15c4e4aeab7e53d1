import { AsyncResource } from 'node:async_hooks'
import { expectRequiredOptions } from '../arguments/expect-options.ts'
import type { CancelListener } from './cancel-listener.ts'
import { comesOfCancel, explain } from './cancel-cause.ts'
import type { Cancelled } from './cancelled.ts'
import type { Timer } from './clock.ts'
import { callInScope, enter } from './current-scope.ts'
import type { Ring } from './ring.ts'
import { closeScope, noteFailure } from './run-in-scope.ts'
import { type CancelScope, Scope } from './scope.ts'
import { armDeadline, expire, timedOut, withGrace } from './timeout.ts'

export interface EnterScopeOptions {
  /** Shown in errors and the task tree. */
  readonly name: string
  /** How long it may last, in milliseconds from now, from 1 up. @default Infinity */
  readonly timeoutMs?: number | undefined
  /** The current time of the clock, to save a reading. @default the clock is read */
  readonly now?: number | undefined
  /**
   * Whether it has a timer of its own. `false` where its owner has one timer for many of them, and calls `expire` of
   * each that is due. @default true
   */
  readonly timer?: boolean | undefined
  /** Called once when it is cancelled. */
  readonly onCancel: (reason: Cancelled) => void
}

const OPTIONS = ['name', 'timeoutMs', 'now', 'timer', 'onCancel'] as const

/** A scope that does not end with a function: see {@link enterScope}. */
export interface EnteredScope {
  readonly scope: CancelScope
  /**
   * Calls `fn` within it, in the caller's context, or, without a timer of its own, in the context in which it was
   * opened. May be called any number of times.
   */
  call<A extends unknown[], T>(fn: (...args: A) => T, ...args: A): T
  /**
   * Cancels it as its deadline would, in the context in which it was opened. Call it when the deadline has
   * passed.
   */
  expire(): void
  /**
   * Ends it: work left behind in it is cancelled, awaited and reported, and deferred functions are called.
   *
   * @param failure the error of the work in it, if it failed; the outcome of the scope is noted on it
   * @returns `undefined` if there was nothing to wait for
   */
  leave(failure?: { readonly error: unknown }): Promise<void> | undefined
  /**
   * Waits for `work` in a scope that was cancelled, but no longer than `graceMs`; then the scope is
   * abandoned and reported as a leftover.
   *
   * @throws {Cancelled} when the grace has passed
   */
  endInGrace<T>(work: Promise<T>, graceMs: number): Promise<T>
  /**
   * What the owner of the scope throws when its work failed with `error`: a `TimeoutError` if the deadline
   * passed.
   */
  explain(error: unknown): unknown
}

/**
 * Opens a scope, outside of all others, that begins and ends with events instead of with a function: a
 * request of a Node server is over when its answer has left. It costs no promise.
 *
 * Call `leave` in every case: nothing else ends the scope. Where a function lasts as long as the scope does,
 * use {@link cancelScope} or {@link withTimeout} instead.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type
 * @example
 * const entered = enterScope({ name, timeoutMs: 1_000, onCancel: () => response.destroy() })
 * entered.call(handler, request, response)
 * response.once('close', () => void entered.leave())
 */
export function enterScope(options: EnterScopeOptions): EnteredScope {
  expectRequiredOptions(options, OPTIONS, 'enterScope')
  return new Entered(options)
}

class Entered implements EnteredScope, CancelListener {
  home: Ring<CancelListener> | undefined
  before: CancelListener = this
  after: CancelListener = this
  readonly scope: Scope
  readonly #timeoutMs: number
  readonly #onCancel: (reason: Cancelled) => void
  readonly #timer: Timer | undefined
  /** The context in which it was opened; only if it has no timer of its own. */
  readonly #around: AsyncResource | undefined

  constructor({ name, timeoutMs = Infinity, now, timer = true, onCancel }: EnterScopeOptions) {
    this.#timeoutMs = timeoutMs
    this.#onCancel = onCancel
    this.scope = new Scope({ kind: 'timeout', name, timeoutMs, now }, undefined)
    this.scope.listen(this)
    if (timer) this.#timer = armDeadline(this.scope, timeoutMs)
    else this.#around = new AsyncResource('YuzuruScope')
  }

  onCancel(reason: Cancelled): void {
    // `leave` ended it: the owner asked for that and needs no call.
    if (reason.source !== 'scope-end') this.#onCancel(reason)
  }

  call<A extends unknown[], T>(fn: (...args: A) => T, ...args: A): T {
    const work = { fn, args }
    if (this.#around === undefined) return callInScope(this.scope, callWith<A, T>, work)
    return this.#around.runInAsyncScope(
      enter<Scope, typeof work, T>,
      undefined,
      this.scope,
      callWith<A, T>,
      work,
    )
  }

  expire(): void {
    const { scope } = this
    if (this.#around === undefined) expire(scope, this.#timeoutMs)
    else this.#around.runInAsyncScope(expire, undefined, scope, this.#timeoutMs)
  }

  leave(failure?: { readonly error: unknown }): Promise<void> | undefined {
    const { scope } = this
    if (failure !== undefined) scope.failure = failure
    this.home?.remove(this)
    if (scope.isBusy) {
      // Shielded work may take long, and the deadline still holds while it runs.
      if (!scope.cancelled) scope.listen(this)
      return callInScope(scope, () => this.#close(failure))
    }
    this.#timer?.cancel()
    scope.end()
    if (failure !== undefined) noteFailure(scope, failure.error)
    return undefined
  }

  endInGrace<T>(work: Promise<T>, graceMs: number): Promise<T> {
    return withGrace(this.scope, work, graceMs)
  }

  explain(error: unknown): unknown {
    const { scope } = this
    if (scope.expired && comesOfCancel(scope, error)) return timedOut(scope, this.#timeoutMs)
    return explain(scope, error)
  }

  async #close(failure: { readonly error: unknown } | undefined): Promise<void> {
    const { scope } = this
    try {
      await closeScope(scope, failure)
    } catch (error) {
      noteFailure(scope, error)
      throw error
    } finally {
      this.#timer?.cancel()
      this.home?.remove(this)
    }
    if (failure !== undefined) noteFailure(scope, failure.error)
  }
}

/** One function for all calls: a closure for each call would cost more than passing its arguments. */
function callWith<A extends unknown[], T>(
  _scope: Scope,
  { fn, args }: { readonly fn: (...args: A) => T; readonly args: A },
): T {
  return fn(...args)
}
