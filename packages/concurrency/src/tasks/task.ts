import { comesOfCancel, explain } from '../scopes/cancel-cause.ts'
import { type Ending, runInScope } from '../scopes/run-in-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { type CancelScope, Scope } from '../scopes/scope.ts'
import { waitFor } from '../scopes/wait.ts'

/** How a task stands. */
export type TaskState = 'running' | 'done' | 'failed' | 'cancelled'

/** Calls back once when `task` has ended; returns what takes the callback off again. */
export let onTaskEnd: (task: Task<unknown>, listener: () => void) => () => void

/** Why the caller must not wait for `task`: it runs within it. `undefined`: it does not. */
export let awaitsItself: (task: Task<unknown>) => TypeError | undefined

/** Whether somebody has asked for what became of `task`. */
export let wasAwaited: (task: Task<unknown>) => boolean

let endTask: (task: Task<unknown>, state: TaskState, result: unknown) => void

/** Who is told of a task's end, and of its error if it did not return. */
export type TaskListener = (task: Task<unknown>, error?: unknown) => void

/**
 * Work that was spawned into a group. Awaiting it gives what its function returned, or throws what it
 * threw; nobody has to: the group knows of its failure. To await it is a checkpoint: a cancel ends the
 * wait, and where the task is within what was cancelled, it ends the task. One that has ended gives its
 * result at once, also where all else is cancelled.
 *
 * To await it from within itself, or from within a task of its own, would wait for ever: that is a
 * `TypeError`, at once. Within a `taskGroup` the same holds of the promise that it gives, but that cannot
 * be seen.
 *
 * It is a `PromiseLike`, no `Promise`: what demands one, such as `assert.rejects`, takes a function.
 *
 * @example
 * await assert.rejects(async () => await task)
 */
export class Task<T> implements PromiseLike<T> {
  readonly name: string
  #state: TaskState = 'running'
  readonly #scope: Scope
  readonly #onEnd: TaskListener
  /** What it returned, or threw; nothing while it runs. */
  #result: unknown = undefined
  /** Made when somebody awaits it while it runs. */
  #awaited: PromiseWithResolvers<unknown> | undefined
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
    endTask = (task, state, result) => task.#end(state, result)
  }

  /** Begins `fn` at once, within a scope of its own. Made by `group.spawn`. */
  constructor(
    parent: Scope,
    name: string,
    fn: (scope: CancelScope) => T | PromiseLike<T>,
    onEnd: TaskListener,
  ) {
    this.name = name
    this.#onEnd = onEnd
    this.#scope = new Scope({ kind: 'task', name, parent })
    void runInScope(this.#scope, fn, new TaskEnding(this, this.#scope))
  }

  get state(): TaskState {
    return this.#state
  }

  /** Asks the task, and it alone, to end. It is still awaited by its group; it counts as no failure. */
  cancel(message?: string): void {
    this.#scope.cancel(message)
  }

  /** Whether a cancel of `scope` reaches this task: then its end is what is to be waited for. */
  #endsWith(scope: Scope): boolean {
    let each: Scope | undefined = this.#scope
    while (each !== undefined && each !== scope && !each.shielded) each = each.parent
    return each === scope
  }

  /** The end of a task comes after that of all that is within it, so what waits for it there never ends. */
  #awaitsItself(scope: Scope | undefined): TypeError | undefined {
    let each = scope
    while (each !== undefined && each !== this.#scope) each = each.parent
    if (each === undefined) return undefined
    return new TypeError(
      `Expected the task "${this.name}" to be awaited from outside, got an await from within: it would wait for itself`,
    )
  }

  #end(state: TaskState, result: unknown): void {
    this.#state = state
    this.#result = result
    if (state === 'done') this.#awaited?.resolve(result)
    else this.#awaited?.reject(result)
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener()
    if (state === 'done') this.#onEnd(this)
    else this.#onEnd(this, result)
  }

  get #promise(): Promise<T> {
    if (this.#state === 'running') {
      return (this.#awaited ??= Promise.withResolvers()).promise as Promise<T>
    }
    return this.#state === 'done'
      ? Promise.resolve(this.#result as T)
      : Promise.reject(this.#result)
  }

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
      return this.#promise.then(onFulfilled, onRejected)
    }
    return waitFor(`task "${this.name}"`, () => this.#promise).then(onFulfilled, onRejected)
  }
}

/** Tells a task how its function ended. */
class TaskEnding<T> implements Ending<T, void> {
  readonly #task: Task<T>
  readonly #scope: Scope

  constructor(task: Task<T>, scope: Scope) {
    this.#task = task
    this.#scope = scope
  }

  onValue(value: T): void {
    endTask(this.#task, 'done', value)
  }

  onError(thrown: unknown): void {
    // The cancel of something else is a failure here: nobody asked this task to end.
    const state = comesOfCancel(this.#scope, thrown) ? 'cancelled' : 'failed'
    endTask(this.#task, state, explain(this.#scope, thrown))
  }
}
