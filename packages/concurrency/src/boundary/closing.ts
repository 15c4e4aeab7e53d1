import { AsyncLocalStorage } from 'node:async_hooks'
import { currentClock } from '../scopes/clock.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { detached } from '../scopes/detached.ts'
import { Event } from '../sync/event.ts'
import { expectFunction, expectText } from '../arguments/expected.ts'
import { expectOptions, expectRequiredOptions } from '../arguments/expect-options.ts'
import { moveOnAfter } from '../scopes/move-on-after.ts'
import type { Permit } from '../sync/semaphore.ts'
import { shield } from '../scopes/shield.ts'
import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { refused, type RefusalError } from './refused-entry.ts'
import { warnOfCopies } from './warn-of-copies.ts'
import { WorkUnderWay } from './work-under-way.ts'

/** How a client is closed. */
export interface CloseOptions {
  /**
   * How long what is under way may take to end, in milliseconds from 0 up. What is left then is cut off.
   * `Infinity` waits as long as it takes. @default 10_000
   */
  readonly drainMs?: number | undefined
}

/** Options of {@link closing}. */
export interface ClosingOptions<C = void> {
  /** What is closed: `'storage'`; stands in the task tree and before `.close` in messages. */
  readonly name: string
  /** Makes the package's own error of work that comes too late. */
  readonly refuse: RefusalError<C>
  /** Ends what is under way and did not end in time; called once, only if there is some. @default only `signal` fires */
  readonly cut?: (() => unknown) | undefined
  /**
   * How long calls that were cut off may take to undo what they had begun, in milliseconds from 0 up.
   * @default 15_000
   */
  readonly undoMs?: number | undefined
  /**
   * Closes what the client stands on; called once, at the end, whatever became of the rest.
   *
   * @param leftMs how much of `drainMs` is left, for what is closed in turn
   */
  readonly end: (leftMs: number) => unknown
}

/** Where a client is between its first call and its end. */
export type ClosingState = 'open' | 'draining' | 'cut' | 'ended'

/** See {@link closing}. */
export interface Closing<C = void> {
  readonly state: ClosingState
  /** How much is under way: calls, steps of them, and what they handed out. */
  readonly active: number
  /** Fires when what is under way is to end now. Join it to what the calls obey. */
  readonly signal: AbortSignal
  /**
   * Counts a call as under way until its permit is released. Call it inside the call's own `io()`.
   *
   * @param context what the error of a refusal is made of
   * @throws what `refuse` makes, from the moment that `close` was called
   */
  enter(context: C): Permit
  /**
   * Counts a further step of a call that is under way. Never refused: a call that was cut off may need one
   * to undo what it did.
   */
  step(): Permit
  /**
   * Counts what a call handed out: a body that is not read yet, a list between two pages. The cut does
   * not wait for it, as the rest may never be read.
   */
  keep(): Permit
  /** Waits before a repeat; ends early at the cut. @param delayMs in milliseconds */
  pause(delayMs: number): Promise<void>
  /** Ends the drain now, if there is one. */
  cut(): void
  /**
   * Refuses new calls, waits for those under way, cuts off what is left after `drainMs`, and then calls
   * `end`. A second call awaits the first, and its options change nothing. A cancel around the caller
   * does not shorten it.
   *
   * Called from within one of its own calls, it does not wait for that call, and cuts it off. Called from within
   * `cut` or `end`, also of what one of them closes, it waits for nothing.
   *
   * @throws what `end` or `cut` throws
   * @throws {TypeError} when an option is unknown or out of its range, before anything is closed
   */
  close(options?: CloseOptions): Promise<void>
}

const OPTIONS = ['name', 'refuse', 'cut', 'undoMs', 'end'] as const

/**
 * Manages the end of a client: counts what is under way, lets it end for a limited time, cuts off the
 * rest, and closes, once.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const life = closing({ name: 'redis', refuse: toRedisError, end: () => socket.destroy() })
 * await io(call, options, async (signal) => {
 *   using _call = life.enter()
 *   return await send(signal)
 * })
 * await life.close({ drainMs: 5_000 })
 */
export function closing<C = void>(options: ClosingOptions<C>): Closing<C> {
  warnOfCopies()
  return new ClientClosing(options)
}

/** What is being closed around the caller: the innermost last. */
const closingAround = new AsyncLocalStorage<readonly object[]>()

class ClientClosing<C> implements Closing<C> {
  readonly #options: ClosingOptions<C>
  readonly #work: WorkUnderWay = new WorkUnderWay()
  readonly #cut: AbortController = new AbortController()
  readonly #isCut: Event
  #state: ClosingState = 'open'
  #closed: Promise<void> | undefined = undefined

  constructor(options: ClosingOptions<C>) {
    expectRequiredOptions(options, OPTIONS, 'closing')
    expectText('name', options.name)
    expectFunction('refuse', options.refuse)
    expectFunction('end', options.end)
    if (options.cut !== undefined) expectFunction('cut', options.cut)
    expectMilliseconds('undoMs', options.undoMs ?? 0)
    this.#options = options
    this.#isCut = new Event({ name: `${options.name}.close` })
  }

  get state(): ClosingState {
    return this.#state
  }

  get active(): number {
    return this.#work.size
  }

  get signal(): AbortSignal {
    return this.#cut.signal
  }

  enter(context: C): Permit {
    if (this.#state === 'open') return this.#work.begin('call', currentScope())
    throw this.#options.refuse(refused('closed', 'the client is closed'), context)
  }

  step(): Permit {
    return this.#work.begin('call', currentScope())
  }

  keep(): Permit {
    return this.#work.begin('kept', undefined)
  }

  async pause(delayMs: number): Promise<void> {
    await moveOnAfter(delayMs, () => this.#isCut.wait())
  }

  cut(): void {
    if (this.#state === 'draining') this.#work.stop()
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const name = `${this.#options.name}.close`
    const drainMs = expectDrain(options, name)
    const around = closingAround.getStore() ?? []
    // It would wait for itself.
    if (around.includes(this)) return
    this.#work.leaveOut(currentScope())
    if (this.#state === 'open') this.#state = 'draining'
    const closed = (this.#closed ??= closingAround.run([...around, this], () =>
      detached(() => this.#close(drainMs)),
    ))
    await shield(() => closed, { name })
  }

  async #close(drainMs: number): Promise<void> {
    const name = `end of what ${this.#options.name} does`
    const clock = currentClock()
    const startedAt = clock.now()
    let leftMs = 0
    // Whatever becomes of the rest.
    await using last = new AsyncDisposableStack()
    last.defer(async () => {
      this.#state = 'ended'
      await this.#options.end(leftMs)
    })
    await moveOnAfter(drainMs, () => this.#work.until('everything', name))
    leftMs = Math.max(0, drainMs - (clock.now() - startedAt))
    if (this.#work.size > 0) await this.#cutOff(name)
  }

  async #cutOff(waitName: string): Promise<void> {
    const { cut, undoMs = 15_000, name } = this.#options
    this.#state = 'cut'
    this.#isCut.set()
    this.#cut.abort(new Error(`${name} was closed`))
    await cut?.()
    await moveOnAfter(undoMs, () => this.#work.until('calls', waitName))
  }
}

/** Throws unless `options` is a set of {@link CloseOptions}; gives how long to drain. */
function expectDrain(options: CloseOptions, where: string): number {
  expectOptions(options, ['drainMs'], where)
  const { drainMs = 10_000 } = options
  expectMilliseconds('drainMs', drainMs)
  return drainMs
}
