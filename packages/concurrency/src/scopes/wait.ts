import { type CallPlace, captureStack } from './call-place.ts'
import type { Cancelled } from './cancelled.ts'
import type { CancelListener } from './cancel-listener.ts'
import { currentClock } from './clock.ts'
import { currentScope } from './current-scope.ts'
import { refusal } from './refusal.ts'
import type { Ring } from './ring.ts'
import type { Scope } from './scope.ts'

let noting = false

/** Makes every wait record when it began, for the task tree. Costs nothing while off. */
export function noteWaits(on: boolean): void {
  noting = on
}

/**
 * The one way in which this package waits: a promise that other code resolves, or that a cancel of the
 * scope around the caller rejects, whichever comes first.
 *
 * The awaiting function goes on in its own scope and `AsyncLocalStorage`, whichever code resolves it.
 */
export abstract class Wait<T> implements CancelListener {
  home: Ring<CancelListener> | undefined
  before: CancelListener = this
  after: CancelListener = this
  readonly since: number | undefined = noting ? currentClock().now() : undefined
  readonly origin: CallPlace | undefined
  readonly promise: Promise<T>
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void

  /** @param scope the caller's; it must not be cancelled */
  constructor(scope: Scope | undefined) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    scope?.listen(this)
    this.origin = scope?.strict === true ? captureStack(new.target as never) : undefined
  }

  /** What the task tree shows. */
  abstract describe(): string

  /** Undoes what was begun. */
  protected abstract undo(): void

  resolve(value: T): void {
    this.home?.remove(this)
    this.#resolve(value)
  }

  reject(error: unknown): void {
    this.home?.remove(this)
    this.#reject(error)
  }

  onCancel(reason: Cancelled): void {
    this.undo()
    this.#reject(reason)
  }
}

class StartedWait<T> extends Wait<T> {
  readonly #label: string
  /** `undefined` until `start` has returned it. */
  #undo: (() => void) | undefined

  constructor(
    scope: Scope | undefined,
    label: string,
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ) {
    super(scope)
    this.#label = label
    this.#undo = start(
      (value) => this.resolve(value),
      (error) => this.reject(error),
    )
  }

  describe(): string {
    return this.#label
  }

  protected undo(): void {
    this.#undo?.()
  }
}

/**
 * Waits for what `start` begins.
 *
 * @param label what the task tree shows
 * @param start begins the wait and returns a function that undoes it when it is cancelled
 */
export function wait<T>(
  label: string,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return refusal('wait', label) ?? new StartedWait(currentScope(), label, start).promise
}

/**
 * Waits for work that other code has under way; a cancel ends the wait and not the work.
 *
 * @param promised gives the promise; not called when the wait must not begin, as its failure would go unhandled
 */
export function waitFor<T>(label: string, promised: () => PromiseLike<T>): Promise<T> {
  return wait(label, (resolve, reject) => {
    promised().then(resolve, reject)
    return () => undefined
  })
}
