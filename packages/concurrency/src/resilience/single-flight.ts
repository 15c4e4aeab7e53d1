import { AsyncLocalStorage } from 'node:async_hooks'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { explain } from '../scopes/cancel-cause.ts'
import type { Effect } from '../scopes/outcome.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { refusal } from '../scopes/refusal.ts'
import { openScope, runInScope } from '../scopes/run-in-scope.ts'
import { Scope } from '../scopes/scope.ts'
import { waitFor } from '../scopes/wait.ts'

/** Options of {@link singleFlight}. */
export interface SingleFlightOptions<A extends unknown[]> {
  /**
   * Which calls are the same one, compared as the keys of a `Map` are.
   * @default the first argument; calls with more than one are refused
   */
  readonly key?: ((...args: A) => unknown) | undefined
  /**
   * What `fn` does to the outside world. A caller that leaves while others still wait cannot know what
   * the flight does after that: the outcome is `unknown` for it, unless this says `'read'`.
   *
   * @default unknown: the I/O in the flight decides
   */
  readonly effect?: Effect | undefined
  /**
   * Whether the flight runs to its end even when all callers have left. It then runs in the context
   * (`AsyncLocalStorage`) in which `singleFlight` was called, and its effects count for no caller. For
   * what must be finished once it has begun, such as the refresh of a token. Give `fn` a deadline of its
   * own.
   *
   * @default false
   */
  readonly detached?: boolean | undefined
  /** Shown in the task tree. @default the function's name, else 'flight' */
  readonly name?: string | undefined
}

/** What {@link singleFlight} makes. */
export interface SingleFlight<A extends unknown[], T> {
  /** Joins the flight of the same key, or starts one. */
  (...args: A): Promise<T>
  /** How many flights are under way. */
  readonly size: number
  /** Waits until no flight is under way. It does not throw: failures go to the callers of the flights. */
  settled(): Promise<void>
}

/**
 * Makes a function whose calls with the same key share one call of `fn` while that is under way. `fn` runs
 * in no caller's scope, so one caller's cancel or deadline spares the others; the cancel of the last caller
 * that still waits cancels it, and awaits its end. With `detached: true` it goes on without callers.
 *
 * It is not a cache: a result is forgotten when the call has ended. The context (`AsyncLocalStorage`) of
 * `fn` is that of the first caller: put who is asking into the key where that changes the answer.
 *
 * @throws {TypeError} when `fn` is not a function, or an option is unknown or has the wrong type
 * @example
 * const getOffice = singleFlight((id: string) => offices.get(db, id))
 * await Promise.all([getOffice('a'), getOffice('a')]) // one query
 */
export function singleFlight<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  options: SingleFlightOptions<A> = {},
): SingleFlight<A, T> {
  expectFunction('fn', fn)
  expectOptions(options, ['key', 'name', 'effect', 'detached'], 'singleFlight')
  const { key = firstArgument, name = fn.name || 'flight', effect } = options
  const flights = new Map<unknown, Flight<T>>()
  const outside = options.detached === true ? AsyncLocalStorage.snapshot() : undefined
  const begin = (id: unknown, args: A): Flight<T> => {
    const flight = new Flight<T>(name, effect, outside)
    flights.set(id, flight)
    flight.start(
      () => fn(...args),
      () => {
        if (flights.get(id) === flight) flights.delete(id)
      },
    )
    return flight
  }
  const call = async (...args: A): Promise<T> => {
    const refused = refusal('wait', `flight "${name}"`)
    if (refused !== undefined) return await refused
    const id = key(...args)
    return await (flights.get(id) ?? begin(id, args)).join()
  }
  const settled = async (): Promise<void> => {
    while (flights.size > 0)
      await Promise.all(Array.from(flights.values(), (each) => each.landed()))
  }
  return Object.defineProperty(Object.assign(call, { settled }), 'size', {
    get: () => flights.size,
  }) as SingleFlight<A, T>
}

function firstArgument(...args: unknown[]): unknown {
  if (args.length > 1) {
    throw new TypeError(
      `Expected options.key for a call with ${args.length} arguments, got none: it says which calls are the same`,
    )
  }
  return args[0]
}

/** Calls `fn` in a context that was captured. */
type Outside = <R>(fn: () => R) => R

class Flight<T> {
  readonly #scope: Scope
  readonly #reads: boolean
  /** Where a detached flight runs. */
  readonly #outside: Outside | undefined
  #callers = 0
  #result: Promise<T> | undefined
  #leave!: () => void

  constructor(name: string, effect: Effect | undefined, outside: Outside | undefined) {
    this.#scope = new Scope({ kind: 'task', name }, undefined)
    this.#reads = effect === 'read'
    this.#outside = outside
  }

  /** @param leave called once, as soon as no new caller may join */
  start(fn: () => T | PromiseLike<T>, leave: () => void): void {
    this.#leave = leave
    this.#result = this.#outside?.(() => this.#run(fn)) ?? this.#run(fn)
    // Each caller gets the failure; a caller that left does not need it.
    this.#result.catch(() => undefined)
  }

  /** Waits until it has ended, well or not. */
  async landed(): Promise<void> {
    const result = this.#result as Promise<T>
    await waitFor<unknown>(`flight "${this.#scope.name}"`, () => result.catch(() => undefined))
  }

  async #run(fn: () => T | PromiseLike<T>): Promise<T> {
    try {
      return await runInScope(this.#scope, fn)
    } catch (error) {
      throw explain(this.#scope, error)
    } finally {
      this.#leave()
    }
  }

  /** In a scope of its own, so that the caller's awaits what leaving takes, also when nobody awaits it. */
  async join(): Promise<T> {
    this.#refuseFromWithin()
    const scope = openScope({ kind: 'wait', name: `flight "${this.#scope.name}"` })
    if (!(scope instanceof Scope)) return await scope
    try {
      return await runInScope(scope, () => this.#ride(scope))
    } catch (error) {
      throw explain(scope, error)
    }
  }

  /** A flight ends after all that is within it, so what waits for it there never ends. */
  #refuseFromWithin(): void {
    let each = currentScope()
    while (each !== undefined && each !== this.#scope) each = each.parent
    if (each === undefined) return
    throw new TypeError(
      `Expected the flight "${this.#scope.name}" to be joined from outside, got a call with the same key from within: it would wait for itself`,
    )
  }

  async #ride(caller: Scope): Promise<T> {
    const result = this.#result as Promise<T>
    this.#callers += 1
    // What it does meanwhile counts for each of its callers.
    if (this.#outside === undefined) (caller.begun ??= new Set()).add(this.#scope)
    try {
      return await waitFor(`flight "${this.#scope.name}"`, () => result)
    } finally {
      this.#callers -= 1
      if (this.#outside === undefined) await this.#leaveFrom(caller)
    }
  }

  /** The last one to leave ends it; what it did, or may yet do, is an effect of each of its callers. */
  async #leaveFrom(caller: Scope): Promise<void> {
    if (this.#callers === 0 && !this.#scope.ended) {
      this.#leave()
      this.#scope.abort('task', `nobody waits for "${this.#scope.name}" any more`)
      await this.#scope.done
    }
    const mayYet = !this.#scope.ended && !this.#reads
    if (mayYet || this.#scope.outcome === 'unknown') caller.markEffect()
    caller.begun?.delete(this.#scope)
  }
}
