import { Cancelled } from './cancelled.ts'
import { explain, runInScope } from './run-in-scope.ts'
import { type CancelScope, currentScope, Scope } from './scope.ts'
import { wait } from './wait.ts'

const ignore = (): void => undefined

/** How a task stands. */
export type TaskState = 'running' | 'done' | 'failed' | 'cancelled'

/** Calls back once when `task` has ended; returns what takes the callback off again. */
export let onTaskEnd: (task: Task<unknown>, listener: () => void) => () => void

/**
 * Work that was spawned into a group. Awaiting it gives what its function returned, or throws what it
 * threw; nobody has to: the group knows of its failure. To await it is a checkpoint: a cancel ends the
 * wait, and where the task is within what was cancelled, it ends the task.
 */
export class Task<T> implements PromiseLike<T> {
  readonly name: string
  #state: TaskState = 'running'
  readonly #scope: Scope
  readonly #result: Promise<T>
  #listeners: Set<() => void> | undefined = undefined

  static {
    onTaskEnd = (task, listener) => {
      if (task.#state !== 'running') return () => undefined
      const listeners = (task.#listeners ??= new Set())
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }

  /** Begins `fn` at once, within a scope of its own. Made by `group.spawn`. */
  constructor(
    parent: Scope,
    name: string,
    fn: (scope: CancelScope) => T | PromiseLike<T>,
    onEnd: (task: Task<T>, error: unknown) => void,
  ) {
    this.name = name
    const scope = new Scope({ kind: 'task', name, parent })
    this.#scope = scope
    this.#result = this.#run(fn, onEnd)
    // The group hears of every failure; a result that nobody awaits is no unhandled rejection.
    this.#result.catch(ignore)
  }

  async #run(
    fn: (scope: CancelScope) => T | PromiseLike<T>,
    onEnd: (task: Task<T>, error: unknown) => void,
  ): Promise<T> {
    const scope = this.#scope
    let value: T
    try {
      value = await runInScope(scope, fn)
    } catch (thrown) {
      const error = explain(scope, thrown, () => scope.ownReason)
      this.#end(Cancelled.isInstance(error) ? 'cancelled' : 'failed')
      onEnd(this, error)
      throw error
    }
    this.#end('done')
    onEnd(this, undefined)
    return value
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

  #end(state: TaskState): void {
    this.#state = state
    const listeners = this.#listeners
    this.#listeners = undefined
    if (listeners !== undefined) for (const listener of listeners) listener()
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a task is awaitable by design
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const scope = currentScope()
    if (this.#state !== 'running' || scope === undefined || this.#endsWith(scope)) {
      return this.#result.then(onFulfilled, onRejected)
    }
    const waited = wait<T>(`task "${this.name}"`, (resolve, reject) => {
      this.#result.then(resolve, reject)
      return ignore
    })
    return waited.then(onFulfilled, onRejected)
  }
}
