import { Cancellation } from '../scopes/cancellation.ts'
import type { Cancelled } from '../scopes/cancelled.ts'
import { currentScope } from '../scopes/current-scope.ts'
import type { OnReport } from './reports.ts'
import { Scope } from '../scopes/scope.ts'

/** What a job can see of its own scope. */
export interface JobView {
  /** The name of the job. */
  readonly name: string
  /** Fires with the {@link Cancelled} when the job is asked to end. */
  readonly signal: AbortSignal
  /** Whether the job was asked to end. */
  readonly cancelled: boolean
  /** @throws {Cancelled} when the job was asked to end */
  throwIfCancelled(): void
  /**
   * Sends a value to the `onReport` of the call, which hears all of them, in their order, before the call returns. Does
   * nothing when the call has none.
   *
   * @throws {TypeError} when it cannot be sent
   * @example
   * export function sum(numbers: readonly number[]): number {
   *   let total = 0
   *   for (const [at, number] of numbers.entries()) {
   *     total += number
   *     if (at % 1_000 === 0) jobScope()?.report({ done: at, of: numbers.length })
   *   }
   *   return total
   * }
   */
  report(value: unknown): void
}

/**
 * The scope around a job, in its worker. It is cancelled when the caller asks for it, which it also
 * finds out when it is looked at: a loop that never yields can thus see it.
 */
export class JobScope extends Scope {
  readonly #isAsked: () => boolean
  readonly #report: OnReport | undefined

  constructor(name: string, timeoutMs: number, isAsked: () => boolean, report?: OnReport) {
    super({ kind: 'task', name, timeoutMs }, undefined)
    this.#isAsked = isAsked
    this.#report = report
    // Its caller may ask at any moment, which nobody hears of before it is looked at.
    this.cancellation = new Cancellation()
  }

  override get reason(): Cancelled | undefined {
    this.look()
    return super.reason
  }

  report(value: unknown): void {
    if (!this.ended) this.#report?.(value)
  }

  /** Cancels the scope if the caller has asked for it. */
  look(): void {
    if (super.reason === undefined && !this.ended && this.#isAsked()) {
      this.abort('signal', `"${this.name}" was cancelled by its caller`)
    }
  }
}

/**
 * The scope of the job around the caller; `undefined` outside a worker of `threads` or `processes`.
 *
 * `throwIfCancelled`, `checkpoint`, `remaining` and everything else of `@yuzuru/concurrency` obey it
 * by themselves. Use it directly in a loop that never yields.
 * A thread sees a cancel at once; a process only after it has yielded (`await checkpoint()`).
 *
 * @example
 * export function count(limit: number): number {
 *   for (let n = 0; n < limit; n += 1) if (n % 1_000 === 0) jobScope()?.throwIfCancelled()
 *   return limit
 * }
 */
export function jobScope(): JobView | undefined {
  let scope = currentScope()
  while (scope !== undefined && !(scope instanceof JobScope)) scope = scope.parent
  return scope
}
