import { AsyncLocalStorage } from 'node:async_hooks'
import { Fifo } from '../sync/fifo.ts'
import type { Cancelled } from '../scopes/cancelled.ts'
import { oneOrAll } from './one-or-all.ts'
import { comesOfCancel } from '../scopes/cancel-cause.ts'
import { expectFailure } from '../scopes/expect-failure.ts'
import { raiseOutcome } from '../scopes/outcome.ts'
import { refuse } from '../scopes/refusal.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { Scope } from '../scopes/scope.ts'
import { livingScope } from '../scopes/scope-tree.ts'
import { WaitList } from '../scopes/wait-list.ts'

export type Source<T> = Iterator<T> | AsyncIterator<T>

const END: IteratorReturnResult<void> = Object.freeze({ done: true, value: undefined })

/**
 * A slot is taken when an item is asked of the source and given back when its result is consumed. All
 * of the source and `fn` runs in one scope of its own and in the context in which the map was made.
 */
export class ConcurrentMap<T, R>
  implements AsyncIterableIterator<Awaited<R>, void, undefined>, AsyncDisposable
{
  readonly #open: () => Source<T>
  readonly #fn: (item: T, index: number) => R | PromiseLike<R>
  readonly #concurrency: number
  readonly #ordered: boolean
  readonly #name: string
  readonly #parent: Scope | undefined = currentScope()
  /** Calls in the context in which the map was made, and, from the start on, in its scope. */
  #inContext: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot()
  readonly #consumers: WaitList<IteratorResult<Awaited<R>, void>>
  readonly #ready: Fifo<Awaited<R>> = new Fifo()
  /** Results that came before their turn, by index. */
  readonly #early: Map<number, Awaited<R>> = new Map()
  readonly #errors: Set<unknown> = new Set()
  #source: Source<T> | undefined
  #scope: Scope | undefined
  #whole: Promise<void> | undefined
  #idle: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #started = 0
  #delivered = 0
  #slots = 0
  /** Calls of `fn` and of the source that have not settled. */
  #running = 0
  /** The source: can be asked, is being asked, or gives nothing more. */
  #supply: 'ready' | 'pulling' | 'exhausted' = 'ready'
  /** Finished once the failure was thrown, or all is consumed: from then on there is nothing but the end. */
  #phase: 'open' | 'stopped' | 'finished' = 'open'

  constructor(
    open: () => Source<T>,
    fn: (item: T, index: number) => R | PromiseLike<R>,
    concurrency: number,
    ordered: boolean,
    name: string,
  ) {
    this.#open = open
    this.#fn = fn
    this.#concurrency = concurrency
    this.#ordered = ordered
    this.#name = name
    this.#consumers = new WaitList(`${name} next`)
  }

  async next(): Promise<IteratorResult<Awaited<R>, void>> {
    if (this.#phase === 'finished') return END
    if (this.#scope === undefined) {
      const parent = livingScope(this.#parent)
      if (parent?.reason !== undefined) {
        return await refuse(parent, parent.reason, 'iterator', this.#name)
      }
      this.#start(parent)
    }
    try {
      if (this.#ready.size > 0 && this.#phase === 'open') {
        const refused = this.#consumers.refusal()
        if (refused !== undefined) return await refused
        const value = this.#ready.take()
        this.#giveBack()
        return { done: false, value }
      }
      if (this.#phase === 'open' && !this.#isDrained) {
        const result = await this.#consumers.wait()
        if (result.done !== true) return result
      }
    } catch (error) {
      // The consumer was cancelled. A loop does not call `return` after an error, so all ends here.
      await this.return()
      throw error
    }
    await this.#end()
    return END
  }

  async return(): Promise<IteratorReturnResult<void>> {
    if (this.#scope === undefined) this.#phase = 'finished'
    else {
      this.#scope.abort('loop', `the loop over "${this.#name}" ended`)
      await this.#end()
    }
    return END
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  get #isDrained(): boolean {
    return this.#supply === 'exhausted' && this.#slots === 0
  }

  #start(parent: Scope | undefined): void {
    const scope = new Scope({ kind: 'iterator', name: this.#name }, parent)
    this.#scope = scope
    const unlisten = scope.onCancel(() => this.#stop())
    const work = async (): Promise<void> => {
      this.#inContext = AsyncLocalStorage.snapshot()
      try {
        this.#source = this.#open()
      } catch (error) {
        this.#fail(error)
      }
      this.#fill()
      await this.#idle.promise
      unlisten()
    }
    // The next caller gets it; if there is none, it is not an unhandled rejection.
    const whole = this.#inContext(() => runInScope(scope, work))
    this.#whole = whole.catch((error: unknown) => this.#fail(error))
  }

  /** Waits until all has ended, and throws what failed. */
  async #end(): Promise<void> {
    await this.#whole
    if (this.#phase === 'finished') return
    this.#phase = 'finished'
    const scope = this.#scope as Scope
    const failed = this.#errors.size > 0
    const error = failed ? oneOrAll([...this.#errors], this.#name) : cancelOf(scope)
    // What was thrown may be `undefined`, and is a failure all the same.
    if (!failed && error === undefined) return
    if (scope.outcome === 'unknown') raiseOutcome(error)
    expectFailure(scope, error)
    throw error
  }

  /** Starts work while there are slots. Runs in the map's own scope. */
  #fill(): void {
    while (this.#supply === 'ready' && this.#slots < this.#concurrency) this.#pull()
    this.#settleIfIdle()
  }

  #pull(): void {
    let step
    try {
      step = (this.#source as Source<T>).next()
      if (!('then' in step)) {
        this.#onStep(step)
        return
      }
      // A thenable of somebody else's may call back twice, or throw.
      step = Promise.resolve(step)
    } catch (error) {
      this.#supply = 'exhausted'
      this.#fail(error)
      return
    }
    this.#supply = 'pulling'
    this.#running += 1
    step.then(
      (result) => {
        if (this.#supply === 'pulling') this.#supply = 'ready'
        try {
          this.#onStep(result)
        } catch (error) {
          // It is no step, or one that cannot be asked.
          this.#supply = 'exhausted'
          this.#fail(error)
        }
        this.#fill()
        this.#leave()
      },
      (error: unknown) => {
        this.#supply = 'exhausted'
        this.#fail(error)
        this.#leave()
      },
    )
  }

  #onStep(step: IteratorResult<T, unknown>): void {
    if (step.done === true) {
      this.#supply = 'exhausted'
      if (this.#isDrained) this.#wakeConsumers()
      return
    }
    if (this.#phase !== 'open') return
    const index = this.#started
    this.#started += 1
    this.#slots += 1
    this.#running += 1
    void this.#work(step.value, index)
  }

  async #work(item: T, index: number): Promise<void> {
    try {
      this.#deliver(index, await this.#fn(item, index))
    } catch (error) {
      this.#fail(error)
    }
    this.#leave()
  }

  #deliver(index: number, value: Awaited<R>): void {
    if (!this.#ordered) {
      this.#handOut(value)
    } else if (index === this.#delivered) {
      this.#delivered += 1
      this.#handOut(value)
      while (this.#early.has(this.#delivered)) {
        const next = this.#early.get(this.#delivered) as Awaited<R>
        this.#early.delete(this.#delivered)
        this.#delivered += 1
        this.#handOut(next)
      }
    } else {
      this.#early.set(index, value)
    }
  }

  #handOut(value: Awaited<R>): void {
    if (this.#consumers.shift({ done: false, value })) this.#giveBack()
    else this.#ready.add(value)
  }

  #giveBack(): void {
    this.#slots -= 1
    if (this.#isDrained) this.#wakeConsumers()
    else if (this.#supply === 'ready' && this.#phase === 'open') {
      this.#inContext(() => this.#fill())
    }
  }

  #wakeConsumers(): void {
    while (this.#consumers.shift(END));
  }

  #fail(error: unknown): void {
    const scope = this.#scope as Scope
    if (comesOfCancel(scope, error)) return
    this.#errors.add(error)
    scope.abort('group', `a call in "${this.#name}" failed`, error)
  }

  /** Ends the source once what it is parked at has been aborted; wakes the callers that wait for a result. */
  #stop(): void {
    if (this.#phase === 'open') this.#phase = 'stopped'
    this.#wakeConsumers()
    if (this.#supply !== 'exhausted') this.#closeSource()
  }

  #closeSource(): void {
    this.#supply = 'exhausted'
    this.#running += 1
    const close = async (): Promise<void> => {
      try {
        await this.#source?.return?.()
      } catch (error) {
        this.#fail(error)
      }
      this.#leave()
    }
    void this.#inContext(close)
  }

  #leave(): void {
    this.#running -= 1
    this.#settleIfIdle()
  }

  #settleIfIdle(): void {
    if (this.#running === 0 && this.#supply === 'exhausted') this.#idle.resolve()
  }
}

/** The cancel that ended the work, and not only the loop over it or what it left behind. */
function cancelOf({ inheritedReason, ownReason }: Scope): Cancelled | undefined {
  if (inheritedReason !== undefined) return inheritedReason
  return ownReason?.source === 'loop' || ownReason?.source === 'scope-end' ? undefined : ownReason
}
