import { AsyncLocalStorage } from 'node:async_hooks'
import { Fifo } from '../sync/fifo.ts'
import type { Cancelled } from '../scopes/cancelled.ts'
import { InOrder } from './in-order.ts'
import { isFed, isOpen, type MapState } from './map-state.ts'
import { oneOrAll } from './one-or-all.ts'
import { comesOfCancel } from '../scopes/cancel-cause.ts'
import { expectFailure } from '../scopes/expect-failure.ts'
import { raiseOutcome } from '../scopes/outcome.ts'
import { refuse } from '../scopes/refusal.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { Scope } from '../scopes/scope.ts'
import { countFor } from '../scopes/scope-outcome.ts'
import { livingScope } from '../scopes/scope-tree.ts'
import { WaitList } from '../scopes/wait-list.ts'

export type Source<T> = Iterator<T> | AsyncIterator<T>

const END: IteratorReturnResult<void> = Object.freeze({ done: true, value: undefined })

/**
 * A slot is taken when an item is requested from the source and released when its result is consumed. The
 * source and `fn` run in a scope of the map and in the context in which the map was made.
 */
export class ConcurrentMap<T, R>
  implements AsyncIterableIterator<Awaited<R>, void, undefined>, AsyncDisposable
{
  readonly #open: () => Source<T>
  readonly #fn: (item: T, index: number) => R | PromiseLike<R>
  readonly #concurrency: number
  /** `undefined` if results come as they are ready. */
  readonly #inOrder: InOrder<Awaited<R>> | undefined
  readonly #name: string
  readonly #parent: Scope | undefined = currentScope()
  /** Calls in the context in which the map was made, and, from the start on, in its scope. */
  #inContext: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot()
  readonly #consumers: WaitList<IteratorResult<Awaited<R>, void>>
  readonly #ready: Fifo<Awaited<R>> = new Fifo()
  readonly #errors: Set<unknown> = new Set()
  #source: Source<T> | undefined
  #scope: Scope | undefined
  #whole: Promise<void> | undefined
  #idle: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #started = 0
  #slots = 0
  /** Calls of `fn` and of the source that have not settled. */
  #running = 0
  #state: MapState = 'ready'

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
    this.#inOrder = ordered ? new InOrder((value) => this.#handOut(value)) : undefined
    this.#name = name
    this.#consumers = new WaitList(`${name} next`)
  }

  async next(): Promise<IteratorResult<Awaited<R>, void>> {
    if (this.#state === 'finished') return END
    let scope = this.#scope
    if (scope === undefined) {
      const parent = livingScope(this.#parent)
      const refused =
        parent?.reason === undefined
          ? this.#consumers.refusal()
          : refuse(parent, 'iterator', this.#name)
      if (refused !== undefined) return await refused
      scope = this.#start(parent)
    }
    // A loop elsewhere than where the map was made begins what runs, and ends it.
    countFor(currentScope(), scope)
    try {
      if (this.#ready.size > 0 && isOpen(this.#state)) {
        const refused = this.#consumers.refusal()
        if (refused !== undefined) return await refused
        const value = this.#ready.take()
        this.#giveBack()
        return { done: false, value }
      }
      if (isOpen(this.#state) && !this.#isDrained) {
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
    if (this.#scope === undefined) this.#state = 'finished'
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
    return !isFed(this.#state) && this.#slots === 0
  }

  #start(parent: Scope | undefined): Scope {
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
    // The next call of `next` throws it; without one it is not an unhandled rejection.
    const whole = this.#inContext(() => runInScope(scope, work))
    this.#whole = whole.catch((error: unknown) => this.#fail(error))
    return scope
  }

  /** Waits until all has ended, and throws what failed. */
  async #end(): Promise<void> {
    await this.#whole
    if (this.#state === 'finished') return
    this.#state = 'finished'
    const scope = this.#scope as Scope
    const failed = this.#errors.size > 0
    const error = failed ? oneOrAll([...this.#errors], this.#name) : cancelOf(scope)
    // The thrown value may be `undefined`, which is a failure too.
    if (!failed && error === undefined) return
    if (scope.outcome === 'unknown') raiseOutcome(error)
    expectFailure(scope, error)
    throw error
  }

  /** Starts work while there are slots. Runs in the map's own scope. */
  #fill(): void {
    while (this.#state === 'ready' && this.#slots < this.#concurrency) this.#pull()
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
      // A foreign thenable may call back twice, or throw.
      step = Promise.resolve(step)
    } catch (error) {
      this.#failSource(error)
      return
    }
    // To be asked may have ended the loop.
    if (this.#state === 'ready') this.#state = 'pulling'
    this.#running += 1
    step.then(
      (result) => {
        if (this.#state === 'pulling') this.#state = 'ready'
        try {
          this.#onStep(result)
        } catch (error) {
          // It is not an iterator result, or reading it throws.
          this.#failSource(error)
        }
        this.#fill()
        this.#leave()
      },
      (error: unknown) => {
        this.#failSource(error)
        this.#leave()
      },
    )
  }

  #onStep(step: IteratorResult<T, unknown>): void {
    if (step.done === true) {
      this.#exhaust()
      if (this.#isDrained) this.#wakeConsumers()
      return
    }
    if (!isOpen(this.#state)) return
    const index = this.#started
    this.#started += 1
    this.#slots += 1
    this.#running += 1
    void this.#work(step.value, index)
  }

  async #work(item: T, index: number): Promise<void> {
    try {
      const value = await this.#fn(item, index)
      if (this.#inOrder === undefined) this.#handOut(value)
      else this.#inOrder.add(index, value)
    } catch (error) {
      this.#fail(error)
    }
    this.#leave()
  }

  #handOut(value: Awaited<R>): void {
    if (this.#consumers.shift({ done: false, value })) this.#giveBack()
    else this.#ready.add(value)
  }

  #giveBack(): void {
    this.#slots -= 1
    if (this.#isDrained) this.#wakeConsumers()
    else if (this.#state === 'ready') this.#inContext(() => this.#fill())
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

  #exhaust(): void {
    if (isFed(this.#state)) this.#state = 'exhausted'
  }

  /** A source that failed is not closed: it has ended. */
  #failSource(error: unknown): void {
    this.#exhaust()
    this.#fail(error)
  }

  /** Ends the source once what it is parked at has been aborted; wakes the callers that wait for a result. */
  #stop(): void {
    const wasFed = isFed(this.#state)
    if (isOpen(this.#state)) this.#state = 'stopped'
    this.#wakeConsumers()
    if (wasFed) this.#closeSource()
  }

  #closeSource(): void {
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
    if (this.#running === 0 && !isFed(this.#state)) this.#idle.resolve()
  }
}

/** The cancel that ended the work, and not only the loop over it or what it left behind. */
function cancelOf({ inheritedReason, ownReason }: Scope): Cancelled | undefined {
  if (inheritedReason !== undefined) return inheritedReason
  return ownReason?.source === 'loop' || ownReason?.source === 'scope-end' ? undefined : ownReason
}
