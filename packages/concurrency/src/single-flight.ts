import { expectFunction } from './expected.ts'
import { explain, runInScope } from './run-in-scope.ts'
import { throwIfCancelled } from './current-scope.ts'
import { Scope } from './scope.ts'
import { waitFor } from './wait.ts'

export interface SingleFlightOptions<A extends unknown[]> {
  /**
   * Which calls are the same one, compared as the keys of a `Map` are.
   * @default the first argument; calls with more than one are refused
   */
  readonly key?: (...args: A) => unknown
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
  const { key = firstArgument, name = fn.name || 'flight' } = options
  const flights = new Map<unknown, Flight<T>>()
  return async (...args) => {
    throwIfCancelled()
    const id = key(...args)
    let flight = flights.get(id)
    if (flight === undefined) {
      flight = new Flight<T>(name)
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
  #callers = 0
  #result: Promise<T> | undefined
  #leave!: () => void

  constructor(name: string) {
    this.#scope = new Scope({ kind: 'task', name, parent: undefined })
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

  async join(): Promise<T> {
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
    }
  }
}
