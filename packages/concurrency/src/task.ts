import { Cancelled } from './cancelled.ts'
import { explain, runInScope } from './run-in-scope.ts'
import { type CancelScope, Scope } from './scope.ts'

/** How a task stands. */
export type TaskState = 'running' | 'done' | 'failed' | 'cancelled'

/**
 * Work that was spawned into a group. Awaiting it gives what its function returned, or throws what it
 * threw; nobody has to: the group knows of its failure.
 */
export class Task<T> implements PromiseLike<T> {
  readonly name: string
  #state: TaskState = 'running'
  readonly #scope: Scope
  readonly #result: Promise<T>

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
    this.#result = runInScope(scope, fn).then(
      (value) => {
        this.#state = 'done'
        onEnd(this, undefined)
        return value
      },
      (thrown: unknown) => {
        const error = explain(scope, thrown, () => scope.ownReason)
        this.#state = Cancelled.isInstance(error) ? 'cancelled' : 'failed'
        onEnd(this, error)
        throw error
      },
    )
    // The group hears of every failure; a result that nobody awaits is no unhandled rejection.
    this.#result.catch(() => undefined)
  }

  get state(): TaskState {
    return this.#state
  }

  /** Asks the task, and it alone, to end. It is still awaited by its group; it counts as no failure. */
  cancel(message?: string): void {
    this.#scope.cancel(message)
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a task is awaitable by design
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(onFulfilled, onRejected)
  }
}
