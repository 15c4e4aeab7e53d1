import { Cancelled } from '../scopes/cancelled.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import type { Timer } from '../scopes/clock.ts'
import { type UnheardFailure, warnWhenUnheard } from '../scopes/failure-warning.ts'
import { comesOfCancel } from '../scopes/cancel-cause.ts'
import { expectFailure } from '../scopes/leftover-rejections.ts'
import { raiseOutcome } from '../scopes/outcome.ts'
import { messageOf } from '../scopes/read-error.ts'
import { openScope, refusalToOpen, runInScope } from '../scopes/run-in-scope.ts'
import type { CancelScope, Scope } from '../scopes/scope.ts'
import { Task, wasAwaited } from './task.ts'

export interface SpawnOptions {
  /** Shown in errors and the task tree. @default the function's name, else 'task' */
  readonly name?: string
  /**
   * Whether its failure is for those who await it, and cancels nobody. A failure that nobody has asked
   * for when the group's other work is done is one of the group after all.
   * @default false
   */
  readonly settle?: boolean
}

export interface TaskGroupOptions {
  /** Shown in errors and the task tree. @default 'group' */
  readonly name?: string
}

/** Where tasks are spawned; none of them outlives it. */
export interface TaskGroup {
  readonly name: string
  /** How many tasks have not ended. */
  readonly running: number
  /**
   * Starts `fn` beside the caller.
   *
   * @throws {Cancelled} when the group is cancelled: nothing new starts
   * @throws {TypeError} when the group has ended
   */
  spawn<T>(fn: (scope: CancelScope) => T | PromiseLike<T>, options?: SpawnOptions): Task<T>
  /** Asks the body and every task to end. */
  cancel(message?: string): void
}

/**
 * Calls `body` with a group into which it spawns tasks, and returns when all of them have ended. The
 * first failure, of a task or the body, cancels the others; every error is kept.
 *
 * @returns what `body` returned
 * @throws {AggregateError} with every error in the order in which they came
 * @throws {Cancelled} when it was cancelled from outside and nothing else failed
 * @example
 * const [a, b] = await taskGroup(async (group) => {
 *   const a = group.spawn(() => read('a'))
 *   const b = group.spawn(() => read('b'))
 *   return [await a, await b]
 * })
 */
export async function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options: TaskGroupOptions = {},
): Promise<T> {
  expectOptions(options, ['name'], 'taskGroup')
  const name = options.name ?? 'group'
  return await runGroup(name, body, (errors) => {
    const message = messageOf(errors[0])
    const first = message === undefined ? '' : `: ${message}`
    const count = errors.length === 1 ? 'a failure' : `${errors.length} failures`
    return new AggregateError(errors, `${count} in "${name}"${first}`)
  })
}

/** A task group that throws what `combine` makes of the errors. */
export async function runGroup<T>(
  name: string,
  body: (group: TaskGroup) => T | PromiseLike<T>,
  combine: (errors: unknown[]) => unknown,
): Promise<T> {
  expectFunction('body', body)
  const init = { kind: 'group', name } as const
  const refused = refusalToOpen(init)
  if (refused !== undefined) return await refused
  const scope = openScope(init)
  const group = new Group(scope)
  let result: { readonly value: T } | undefined
  try {
    result = { value: await runInScope(scope, () => group.run(body)) }
  } catch (error) {
    group.fail(error)
  }
  const failed = group.errors.size > 0
  if (!failed && result !== undefined && !group.interrupted) return result.value
  const cancel = scope.inheritedReason ?? group.foreignCancel ?? scope.ownReason
  const error = failed ? combine([...group.errors]) : cancel
  if (scope.outcome === 'unknown') raiseOutcome(error)
  scope.failure = { error }
  expectFailure(scope, error)
  throw error
}

const SPAWN_OPTIONS = ['name', 'settle'] as const

class Group implements TaskGroup {
  /** In the order in which they came, each once. */
  readonly errors: Set<unknown> = new Set()
  /** Whether a task was cut short by a cancel from outside the group. */
  interrupted = false
  /** A cancel of something else that the body let pass: of a task it awaited, say. */
  foreignCancel: Cancelled | undefined
  /** The failures of tasks that were to settle. */
  readonly #settled = new Map<Task<unknown>, { readonly error: unknown; told: boolean }>()
  #running = 0
  #closed = false
  #warning: Timer | undefined
  #idle: PromiseWithResolvers<void> | undefined
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
  }

  get name(): string {
    return this.#scope.name
  }

  get running(): number {
    return this.#running
  }

  spawn<T>(fn: (scope: CancelScope) => T | PromiseLike<T>, options: SpawnOptions = {}): Task<T> {
    expectFunction('fn', fn)
    expectOptions(options, SPAWN_OPTIONS, 'spawn')
    if (this.#closed) {
      throw new TypeError(
        `Expected the group "${this.name}" to be open, got one that has ended: nothing outlives it`,
      )
    }
    this.#scope.throwIfCancelled()
    this.#running += 1
    const name = options.name ?? (fn.name || 'task')
    const onEnd = options.settle === true ? this.#onSettled : this.#onEnd
    return new Task(this.#scope, name, fn, onEnd)
  }

  cancel(message?: string): void {
    this.#scope.cancel(message)
  }

  /** Calls the body and waits for all tasks, also for those that tasks spawned meanwhile. */
  async run<T>(body: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
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
      for (const [task, { error }] of this.#settled) if (!wasAwaited(task)) this.fail(error)
    }
  }

  /** Keeps an error, once, and cancels the others; drops the cancels that the group's own end made. */
  fail(error: unknown, task = this.name): void {
    if (comesOfCancel(this.#scope, error)) return
    if (Cancelled.isInstance(error)) this.foreignCancel ??= error
    else if (!this.errors.has(error)) {
      this.errors.add(error)
      if (this.#running > 0 && this.errors.size === 1) {
        const failure = { task, group: this.name, error, why: 'ending' } as const
        this.#warning?.cancel()
        this.#warning = warnWhenUnheard(() => [failure])
      }
    }
    this.#scope.abort('group', `a sibling in "${this.name}" failed`, error)
  }

  #onEnd = (task: Task<unknown>, error?: unknown): void => {
    if (task.state === 'failed') this.fail(error, task.name)
    else if (task.state === 'cancelled' && error === this.#scope.inheritedReason) {
      this.interrupted = true
    }
    this.#leave()
  };

  /** Those of which nobody has asked, once each. */
  *#takeUnasked(): Generator<UnheardFailure> {
    this.#warning = undefined
    for (const [task, failure] of this.#settled) {
      if (failure.told || wasAwaited(task)) continue
      failure.told = true
      yield { task: task.name, group: this.name, error: failure.error, why: 'unasked' }
    }
  }

  #leave(): void {
    this.#running -= 1
    if (this.#running === 0) this.#idle?.resolve()
  }

  /** Its failure is for those who await it; a cancel is still one. */
  #onSettled = (task: Task<unknown>, error?: unknown): void => {
    if (task.state !== 'failed') return this.#onEnd(task, error)
    if (!wasAwaited(task)) {
      this.#settled.set(task, { error, told: false })
      this.#warning ??= warnWhenUnheard(() => this.#takeUnasked())
    }
    this.#leave()
    // A group may live as long as the program: what was asked for since is not kept.
    if (this.#settled.size % 64 === 0) {
      for (const each of this.#settled.keys()) if (wasAwaited(each)) this.#settled.delete(each)
    }
  }
}
