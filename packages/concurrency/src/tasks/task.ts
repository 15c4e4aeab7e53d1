import { comesOfCancel, explain } from '../scopes/cancel-cause.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { type CancelScope, type Ending, Scope } from '../scopes/scope.ts'
import { countFor } from '../scopes/scope-outcome.ts'
import { waitFor } from '../scopes/wait.ts'

/** How a task stands. */
export type TaskState = 'running' | 'done' | 'failed' | 'cancelled'

/** Calls back once when `task` has ended. Returns a function that removes the callback. */
export let onTaskEnd: (task: Task<unknown>, listener: () => void) => () => void

/** The error for a caller that runs within `task` and must not wait for it; else `undefined`. */
export let awaitsItself: (task: Task<unknown>) => TypeError | undefined

/** Whether any code has awaited `task`. */
export let wasAwaited: (task: Task<unknown>) => boolean

/** Whether the failure of `task` goes to the code that awaits it, and cancels nothing. */
export let isToSettle: (task: Task<unknown>) => boolean

/** What `task`, which is done, returned. */
export let resultOf: <T>(task: Task<T>) => T

const nothing = (): void => undefined

let endTask: (task: Task<unknown>, state: TaskState, result: unknown) => void

/** Is notified of the end of its tasks, and of the error of one that did not return. */
export interface TaskOwner {
  taskEnded(task: Task<unknown>, error?: unknown): void
}

/**
 * Work that was spawned into a group. Awaiting it gives what its function returned, or throws what it
 * threw. You need not await it: its group waits for it and throws its failure. Awaiting is a checkpoint: a
 * cancel ends the wait, and the task too if it is within what was cancelled. A task that has ended gives
 * its result at once, even where everything else is cancelled.
 *
 * Awaiting a task from within itself, or from within a task that it spawned, would wait for ever: that is a
 * `TypeError`, at once. Awaiting the promise that `taskGroup` returns from within the group waits for ever
 * too, but cannot be detected.
 *
 * It is a `PromiseLike`, not a `Promise`: for APIs that insist on one, such as `assert.rejects`, pass an
 * async function.
 *
 * @example
 * await assert.rejects(async () => await task)
 */
export class Task<T> implements PromiseLike<T> {
  #state: TaskState = 'running'
  readonly #scope: Scope
  readonly #owner: TaskOwner
  readonly #isToSettle: boolean
  /** What it returned or threw; `undefined` while it runs. */
  #result: unknown = undefined
  /** Settles when and as the task ends. Its rejection is never unhandled. */
  readonly #run: Promise<T>
  #listeners: Set<() => void> | undefined
  #wasAwaited = false

  static {
    onTaskEnd = (task, listener) => {
      const listeners = (task.#listeners ??= new Set())
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
    awaitsItself = (task) => task.#awaitsItself(currentScope())
    wasAwaited = (task) => task.#wasAwaited
    isToSettle = (task) => task.#isToSettle
    resultOf = <T>(task: Task<T>): T => task.#result as T
    endTask = (task, state, result) => task.#end(state, result)
  }

  /** Begins `fn` at once, within a scope of its own. `group.spawn` calls it. */
  constructor(
    parent: Scope,
    name: string,
    fn: (scope: CancelScope) => T | PromiseLike<T>,
    owner: TaskOwner,
    settle: boolean,
  ) {
    this.#owner = owner
    this.#isToSettle = settle
    this.#scope = new Scope({ kind: 'task', name }, parent)
    this.#scope.owner = this
    countFor(currentScope(), this.#scope)
    this.#run = runInScope<T, T>(this.#scope, fn, taskEnding)
  }

  /** Shown in errors and the task tree. */
  get name(): string {
    return this.#scope.name
  }

  /** How the task stands now. `cancelled` only once it has ended. */
  get state(): TaskState {
    return this.#state
  }

  /** Asks the task, and it alone, to end. It is still awaited by its group; it counts as no failure. */
  cancel(message?: string): void {
    this.#scope.cancel(message)
  }

  /**
   * Whether a cancel of `scope` reaches this task: then a cancelled waiter still waits for the task to end.
   */
  #endsWith(scope: Scope): boolean {
    let each: Scope | undefined = this.#scope
    while (each !== undefined && each !== scope && !each.shielded) each = each.parent
    return each === scope
  }

  /** A task ends after everything within it, so code within it that awaits it would never end. */
  #awaitsItself(scope: Scope | undefined): TypeError | undefined {
    let each = scope
    while (each !== undefined && each !== this.#scope) each = each.parent
    if (each === undefined) return undefined
    return new TypeError(
      `Expected the task "${this.name}" to be awaited from outside, got an await from within`,
    )
  }

  #end(state: TaskState, result: unknown): void {
    this.#state = state
    this.#result = result
    // The group throws the failure, so it must not be an unhandled rejection of the task as well.
    if (state !== 'done') this.#run.catch(nothing)
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener()
    if (state === 'done') this.#owner.taskEnded(this)
    else this.#owner.taskEnded(this, result)
  }

  /** Waits for the result; called by `await`. */
  // oxlint-disable-next-line unicorn/no-thenable -- a task is awaitable by design
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#wasAwaited = true
    const scope = currentScope()
    const mistake = this.#awaitsItself(scope)
    if (mistake !== undefined) return Promise.reject(mistake).then(onFulfilled, onRejected)
    if (this.#state !== 'running' || scope === undefined || this.#endsWith(scope)) {
      return this.#run.then(onFulfilled, onRejected)
    }
    return waitFor(`task "${this.name}"`, () => this.#run).then(onFulfilled, onRejected)
  }
}

/** Tells a task how its function ended. */
const taskEnding: Ending<unknown, never> = {
  onValue(value, scope) {
    endTask(scope.owner as Task<unknown>, 'done', value)
    return value as never
  },
  onError(thrown, scope) {
    // A cancel of something else is a failure here: this task was not asked to end.
    const state = comesOfCancel(scope, thrown) ? 'cancelled' : 'failed'
    const error = explain(scope, thrown)
    endTask(scope.owner as Task<unknown>, state, error)
    throw error
  },
}
