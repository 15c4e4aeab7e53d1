import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { explain } from '../scopes/cancel-cause.ts'
import type { Effect } from '../scopes/outcome.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { refusal } from '../scopes/refusal.ts'
import { openScope, runInScope } from '../scopes/run-in-scope.ts'
import { Scope } from '../scopes/scope.ts'
import { waitFor } from '../scopes/wait.ts'

export interface SingleFlightOptions<A extends unknown[]> {
  /**
   * Which calls are the same one, compared as the keys of a `Map` are.
   * @default the first argument; calls with more than one are refused
   */
  readonly key?: (...args: A) => unknown
  /**
   * What `fn` does to the outside world. A caller that leaves while others still wait cannot know what
   * the flight does after that: the outcome is `unknown` for it, unless this says `'read'`.
   *
   * @default unknown: it goes by the I/O in the flight
   */
  readonly effect?: Effect
  /** Shown in the task tree. @default the function's name, else 'flight' */
  readonly name?: string
}

/**
 * Makes a function whose calls share one call of `fn` while that is under way. It runs in no caller's
 * scope, so one caller's cancel or deadline spares the others; the cancel of the last one who still
 * waits cancels it, and awaits its end.
 *
 * The context (`AsyncLocalStorage`) of `fn` is that of the first caller: give the same key only to
 * calls that may see the same.
 *
 * @example
 * const getOffice = singleFlight((id: string) => offices.get(db, id))
 * await Promise.all([getOffice('a'), getOffice('a')]) // one query
 */
export function singleFlight<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  options: SingleFlightOptions<A> = {},
): (...args: A) => Promise<T> {
  expectFunction('fn', fn)
  expectOptions(options, ['key', 'name', 'effect'], 'singleFlight')
  const { key = firstArgument, name = fn.name || 'flight', effect } = options
  const flights = new Map<unknown, Flight<T>>()
  return async (...args) => {
    const refused = refusal('wait', `flight "${name}"`)
    if (refused !== undefined) return await refused
    const id = key(...args)
    let flight = flights.get(id)
    if (flight === undefined) {
      flight = new Flight<T>(name, effect)
      const begun = flight
      flights.set(id, begun)
      begun.start(
        () => fn(...args),
        () => {
          if (flights.get(id) === begun) flights.delete(id)
        },
      )
    }
    return await flight.join()
  }
}

function firstArgument(...args: unknown[]): unknown {
  if (args.length > 1) {
    throw new TypeError(
      `Expected options.key for a call with ${args.length} arguments, got none: it says which calls are the same`,
    )
  }
  return args[0]
}

class Flight<T> {
  readonly #scope: Scope
  readonly #reads: boolean
  #callers = 0
  #result: Promise<T> | undefined
  #leave!: () => void

  constructor(name: string, effect: Effect | undefined) {
    this.#scope = new Scope({ kind: 'task', name, parent: undefined })
    this.#reads = effect === 'read'
  }

  /** @param leave called once, as soon as nobody new may join */
  start(fn: () => T | PromiseLike<T>, leave: () => void): void {
    this.#leave = leave
    this.#result = this.#run(fn)
    // Each caller hears of the failure; one who left does not need to.
    this.#result.catch(() => undefined)
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
    try {
      return await waitFor(`flight "${this.#scope.name}"`, () => result)
    } finally {
      this.#callers -= 1
      if (this.#callers === 0 && !this.#scope.ended) {
        this.#leave()
        this.#scope.abort('task', `nobody waits for "${this.#scope.name}" any more`)
        await this.#scope.done
      }
      // What the flight did, or may yet do, is an effect of each of its callers.
      const mayYet = !this.#scope.ended && !this.#reads
      if (mayYet || this.#scope.outcome === 'unknown') caller.markEffect()
    }
  }
}
