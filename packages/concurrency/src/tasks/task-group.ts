import { Cancelled } from '../scopes/cancelled.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import type { Timer } from '../scopes/clock.ts'
import { type UnheardFailure, warnWhenUnheard } from '../scopes/failure-warning.ts'
import { comesOfCancel } from '../scopes/cancel-cause.ts'
import { expectFailure } from '../scopes/expect-failure.ts'
import { raiseOutcome } from '../scopes/outcome.ts'
import { messageOf } from '../scopes/read-error.ts'
import { openScope, runInScope } from '../scopes/run-in-scope.ts'
import { type CancelScope, type Ending, Scope } from '../scopes/scope.ts'
import { isToSettle, Task, type TaskOwner, wasAwaited } from './task.ts'

/** Options of {@link TaskGroup.spawn}. */
export interface SpawnOptions {
  /** Shown in errors and the task tree. @default the function's name, else 'task' */
  readonly name?: string | undefined
  /**
   * Whether a failure is only thrown to the code that awaits the task, and cancels nothing. If no code has
   * awaited it by the time the rest of the group has ended, the group throws it after all.
   * @default false
   */
  readonly settle?: boolean | undefined
}

/** Options of {@link taskGroup}. */
export interface TaskGroupOptions {
  /** Shown in errors and the task tree. @default 'group' */
  readonly name?: string | undefined
}

/** Where tasks are spawned; none of them outlives it. */
export interface TaskGroup {
  readonly name: string
  /** How many tasks have not ended. */
  readonly running: number
  /**
   * Starts `fn` at once, up to its first await, and returns without waiting for it.
   *
   * @throws {Cancelled} when the group is cancelled: nothing new starts
   * @throws {TypeError} when the group has ended
   */
  spawn<T>(fn: (scope: CancelScope) => T | PromiseLike<T>, options?: SpawnOptions): Task<T>
  /** Asks the body and every task to end. `message` becomes that of their {@link Cancelled}. */
  cancel(message?: string): void
}

/**
 * Calls `body` with a group into which it spawns tasks, and returns when all of them have ended. The
 * first failure, of a task or the body, cancels the others; every error is kept.
 *
 * For a fixed set of calls `gather` is shorter; for many items `mapConcurrent` bounds how many run at once,
 * which a group does not. Do not let the group out of `body`: it takes no tasks once it has ended.
 *
 * @returns what `body` returned
 * @throws {AggregateError} with every error in the order in which they occurred, even for a single one
 * @throws {Cancelled} when it was cancelled from outside and nothing else failed
 * @throws {TypeError} when `body` is not a function, or an option is unknown or has the wrong type
 * @example
 * const [a, b] = await taskGroup(async (group) => {
 *   const a = group.spawn(() => read('a'))
 *   const b = group.spawn(() => read('b'))
 *   return [await a, await b]
 * })
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options: TaskGroupOptions = {},
): Promise<T> {
  try {
    expectOptions(options, ['name'], 'taskGroup')
    return runGroup(options.name ?? 'group', body, allFailures)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Makes what a group throws of its errors, of which there is at least one. */
type Combine = (errors: unknown[], name: string) => unknown

const allFailures: Combine = (errors, name) => {
  const message = messageOf(errors[0])
  const first = message === undefined ? '' : `: ${message}`
  const count = errors.length === 1 ? 'a failure' : `${errors.length} failures`
  return new AggregateError(errors, `${count} in "${name}"${first}`)
}

/**
 * Runs a task group that throws what `combine` makes of the errors.
 *
 * @param needsAll whether the group ends when one of its tasks is cancelled alone, because every result is
 *   needed
 */
export function runGroup<T>(
  name: string,
  body: (group: Group) => T | PromiseLike<T>,
  combine: Combine,
  needsAll = false,
): Promise<T> {
  expectFunction('body', body)
  const init = { kind: 'group', name } as const
  const scope = openScope(init)
  if (!(scope instanceof Scope)) return scope
  const group = new Group(scope, combine, needsAll)
  scope.owner = group
  return runInScope(scope, () => group.run(body), grouped)
}

const grouped: Ending<unknown, never> = {
  onValue(value, scope) {
    const group = scope.owner as Group
    if (group.isIntact) return value as never
    throw group.failure()
  },
  onError(error, scope) {
    const group = scope.owner as Group
    group.fail(error)
    throw group.failure()
  },
}

export const SPAWN_OPTIONS = ['name', 'settle'] as const

/** The failures of tasks with `settle: true`, and whether each has been reported. */
type Settled = Map<Task<unknown>, { readonly error: unknown; warned: boolean }>

export class Group implements TaskGroup, TaskOwner {
  /** In the order in which they occurred, each once. */
  #errors: Set<unknown> | undefined
  /** Whether a task was cut short by a cancel from outside the group. */
  #interrupted = false
  /** A cancel of something else that a task or the body let pass, such as that of a task it awaited. */
  #foreignCancel: Cancelled | undefined
  /** The failures of tasks with `settle: true`. */
  #settled: Settled | undefined
  #running = 0
  #closed = false
  #warning: Timer | undefined
  #idle: PromiseWithResolvers<void> | undefined
  readonly #scope: Scope
  readonly #combine: Combine
  readonly #needsAll: boolean

  constructor(scope: Scope, combine: Combine, needsAll: boolean) {
    this.#scope = scope
    this.#combine = combine
    this.#needsAll = needsAll
  }

  get name(): string {
    return this.#scope.name
  }

  get running(): number {
    return this.#running
  }

  spawn<T>(fn: (scope: CancelScope) => T | PromiseLike<T>, options?: SpawnOptions): Task<T> {
    expectFunction('fn', fn)
    expectOptions(options, SPAWN_OPTIONS, 'spawn')
    return this.start(fn, options?.name ?? (fn.name || 'task'), options?.settle === true)
  }

  /** `spawn`, for checked arguments. */
  start<T>(fn: (scope: CancelScope) => T | PromiseLike<T>, name: string, settle = false): Task<T> {
    if (this.#closed) {
      throw new TypeError(`Expected the group "${this.name}" to be open, got one that has ended`)
    }
    this.#scope.throwIfCancelled()
    this.#running += 1
    return new Task(this.#scope, name, fn, this, settle)
  }

  cancel(message?: string): void {
    this.#scope.cancel(message)
  }

  /** Calls the body and waits for all tasks, also for those that tasks spawned meanwhile. */
  async run<T>(body: (group: Group) => T | PromiseLike<T>): Promise<T> {
    try {
      return await body(this)
    } catch (error) {
      this.fail(error)
      throw error
    } finally {
      while (this.#running > 0) {
        this.#idle = Promise.withResolvers()
        await this.#idle.promise
      }
      this.#closed = true
      this.#warning?.cancel()
      for (const [task, { error }] of this.#settled ?? []) if (!wasAwaited(task)) this.fail(error)
    }
  }

  /** Whether nothing failed, and nothing was cut short from outside. */
  get isIntact(): boolean {
    return this.#errors === undefined && this.#foreignCancel === undefined && !this.#interrupted
  }

  /** What the group throws once it has ended. Not called if it is intact and its body returned. */
  failure(): unknown {
    const scope = this.#scope
    const cancel = scope.inheritedReason ?? this.#foreignCancel ?? scope.ownReason
    const error = this.#errors === undefined ? cancel : this.#combine([...this.#errors], scope.name)
    if (scope.outcome === 'unknown') raiseOutcome(error)
    scope.failure = { error }
    expectFailure(scope, error)
    return error
  }

  /**
   * Keeps an error, once, and cancels the other tasks. Drops cancels that come from the group's own end.
   */
  fail(error: unknown, task: string = this.name): void {
    if (comesOfCancel(this.#scope, error)) return
    if (Cancelled.isInstance(error)) this.#foreignCancel ??= error
    else this.#keep(error, task)
    this.#scope.abort('group', `a sibling in "${this.name}" failed`, error)
  }

  #keep(error: unknown, task: string): void {
    if (this.#errors === undefined && this.#running > 0) {
      const failure = { task, group: this.name, error, why: 'ending' } as const
      this.#warning?.cancel()
      this.#warning = warnWhenUnheard(() => [failure])
    }
    ;(this.#errors ??= new Set()).add(error)
  }

  taskEnded(task: Task<unknown>, error?: unknown): void {
    if (task.state === 'failed') {
      if (isToSettle(task)) this.#settle(task, error)
      else this.fail(error, task.name)
    } else if (task.state === 'cancelled') {
      if (error === this.#scope.inheritedReason) this.#interrupted = true
      else if (this.#needsAll) this.fail(error, task.name)
    }
    this.#running -= 1
    if (this.#running === 0) this.#idle?.resolve()
  }

  /** Keeps a failure for the code that awaits the task. */
  #settle(task: Task<unknown>, error: unknown): void {
    const settled: Settled = (this.#settled ??= new Map())
    if (!wasAwaited(task)) {
      settled.set(task, { error, warned: false })
      this.#warning ??= warnWhenUnheard(() => this.#takeUnasked(settled))
    }
    // A group may live as long as the program, so failures that were awaited since are dropped.
    if (settled.size % 64 === 0) {
      for (const each of settled.keys()) if (wasAwaited(each)) settled.delete(each)
    }
  }

  /** The failures that no code has awaited, once each. */
  *#takeUnasked(settled: Settled): Generator<UnheardFailure> {
    this.#warning = undefined
    for (const [task, failure] of settled) {
      if (failure.warned || wasAwaited(task)) continue
      failure.warned = true
      yield { task: task.name, group: this.name, error: failure.error, why: 'unasked' }
    }
  }
}
