import { comesOfCancel } from '../scopes/cancel-cause.ts'
import type { Timer } from '../scopes/clock.ts'
import { expectFailure } from '../scopes/expect-failure.ts'
import { followSignal } from '../scopes/follow-signal.ts'
import type { IoCall, IoOptions, IoProgress } from './io-call.ts'
import { closeSpan, failSpan, type IoEvent, openSpan, startInSpan } from './io-trace.ts'
import { type Outcome, outcomeOf, raiseOutcome } from '../scopes/outcome.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import type { Ending, Scope } from '../scopes/scope.ts'
import { armDeadline, isOverdue, timedOut } from '../scopes/timeout.ts'
import { translated } from './translated.ts'

type Body = (signal: AbortSignal, progress: IoProgress) => unknown

/**
 * A call that is under way, from its scope to what its caller gets. One object holds all of it, for there
 * are very many: its body sees of it what {@link IoProgress} has.
 */
export class OpenCall implements IoProgress {
  outcome: Outcome | undefined
  readonly #scope: Scope
  readonly #call: IoCall
  readonly #body: Body
  readonly #timeoutMs: number
  readonly #span: IoEvent | undefined
  readonly #timer: Timer | undefined
  readonly #unfollow: () => void
  #begun = false
  #sent: boolean

  constructor(scope: Scope, call: IoCall, options: IoOptions, body: Body) {
    const { signal, timeoutMs = Infinity } = options
    this.#scope = scope
    this.#call = call
    this.#body = body
    this.#timeoutMs = timeoutMs
    this.#unfollow = followSignal(scope, signal)
    this.#timer = armDeadline(scope, timeoutMs)
    this.#sent = !scope.cancelled
    this.#span = openSpan(call)
    scope.owner = this
  }

  get sent(): boolean {
    return this.#sent
  }

  set sent(sent: boolean) {
    this.#sent = sent
    if (this.#begun) this.#noteInFlight()
  }

  /** Calls the body, and gives what its caller gets. */
  run(): Promise<unknown> {
    const span = this.#span
    return span === undefined ? this.#run() : this.#runInSpan(span)
  }

  #run(): Promise<unknown> {
    return runInScope(this.#scope, perform, performed)
  }

  #runInSpan(span: IoEvent): Promise<unknown> {
    return startInSpan(span, () => this.#run())
  }

  perform(): unknown {
    this.#scope.throwIfCancelled()
    const body = this.#body
    const begun = body(this.#scope.signal, this)
    // From here on what is sent may be on its way; until then the body had its say.
    this.#begun = true
    this.#noteInFlight()
    return begun
  }

  succeed(): void {
    this.#settle()
    if (this.#call.effect !== 'read') this.#scope.markEffect()
    this.#count()
    this.#close()
  }

  /** What its caller gets for what the body threw. */
  fail(error: unknown): unknown {
    const failure = this.#failureOf(error)
    // What is reported of a leftover is the package's own error: the native one may hold data.
    this.#scope.failure = { error: failure }
    expectFailure(this.#scope, failure)
    if (this.#span !== undefined) failSpan(this.#span, failure)
    this.#close()
    return failure
  }

  #failureOf(error: unknown): unknown {
    const scope = this.#scope
    const sent = this.#settle()
    if (comesOfCancel(scope, error)) {
      if (sent === 'unknown') scope.markEffect()
      this.#count()
      return isOverdue(scope) ? timedOut(scope, this.#timeoutMs) : (scope.reason ?? error)
    }
    // What the calls within did is known as well, unless the body says what became of all of it.
    const outcome = (this.outcome ?? scope.outcome) === 'none' ? sent : 'unknown'
    const failure = translated(this.#call, outcome, error)
    // An error that says nothing of its outcome leaves it at what is known by default.
    if ((outcomeOf(failure) ?? outcome) === 'unknown') scope.markEffect()
    else if (this.outcome === 'none' || failure !== error) return failure
    this.#count()
    if (scope.outcome === 'unknown') raiseOutcome(failure)
    return failure
  }

  get #mayHaveEffect(): boolean {
    return this.#sent && this.#call.effect !== 'read'
  }

  /** Notes on the scope whether something of it may have its effect at any moment. */
  #noteInFlight(): void {
    this.#scope.inFlight = this.#mayHaveEffect
  }

  /** The outcome of a failure of which nothing else is known. */
  #settle(): Outcome {
    this.#scope.inFlight = false
    return this.#mayHaveEffect ? 'unknown' : 'none'
  }

  /** What it did counts for the scopes around it. */
  #count(): void {
    const scope = this.#scope
    if (scope.counts && scope.outcome === 'unknown') scope.parent?.markEffect()
  }

  #close(): void {
    if (this.#span !== undefined) closeSpan(this.#span)
    this.#timer?.cancel()
    this.#unfollow()
  }
}

function perform({ owner }: Scope): unknown {
  return (owner as OpenCall).perform()
}

const performed: Ending<unknown> = {
  onValue(value, { owner }) {
    ;(owner as OpenCall).succeed()
    return value
  },
  onError(error, { owner }) {
    throw (owner as OpenCall).fail(error)
  },
}
