import { cancelScope, type CancelScope, type Outcome, throwIfCancelled } from '@yuzuru/concurrency'
import { expected, raiseOutcome, TRANSIENT_STATUSES } from '@yuzuru/concurrency/boundary'
import { HttpProblem } from '../problems/http-problem.ts'
import { problem } from '../problems/problem.ts'
import { currentRequest } from '../request/current-request.ts'
import { ServerError } from '../server-error.ts'
import { bookkeeping, release } from './bookkeeping.ts'
import type { IdempotencyStore, KeyClaim, ReleaseTo, StoredAnswer } from './idempotency-store.ts'
import type { HandlerEffects } from './idempotent-options.ts'
import { keyProblem } from './key-problems.ts'
import { whileRenewed } from './renewal.ts'
import { firstAnswer, storedAnswer } from './stored-answer.ts'

/*
 * The life of an attempt at a request whose key was claimed
 *
 * 1. The handler is called in a transaction of the store. Meanwhile the claim is renewed; if it is lost all
 *    the same, the handler is cancelled.
 * 2. Its answer is read to the end and stored as the last statement of that transaction, and only if the
 *    claim still stands: a process that was stopped for longer than its lease rolls back.
 * 3. A final answer is kept, a 4xx that was thrown too (what the handler did in `tx` is then undone first).
 *    5xx, 408, 425, 429 and every other error end the attempt without one.
 * 4. Then the claim is released. That waits for a COMMIT whose answer was lost: if it took effect after all,
 *    the answer stands in the row and is given.
 */

export interface AttemptInit<Tx> {
  readonly store: IdempotencyStore<Tx>
  readonly claim: KeyClaim
  readonly effects: HandlerEffects
  readonly leaseMs: number
  readonly ttlMs: number
  readonly kept: ReadonlySet<string>
  readonly maxAnswerBytes: number
  /** The request's `Accept` header. */
  readonly accept: string | null
  readonly handle: (tx: Tx) => Response | Promise<Response>
}

/** An answer as it is kept, and as its client gets it. */
interface Answer {
  readonly stored: StoredAnswer
  readonly response: Response
}

/** An answer that says that the request may succeed later: thrown, so that the transaction is rolled back. */
class FailedAnswer extends Error {
  readonly response: Response

  constructor(response: Response) {
    super(`answered ${response.status}`)
    this.response = response
  }
}

/** The claim no longer stands. */
class LostClaim extends Error {}

/** One attempt at a request. */
export class Attempt<Tx> {
  readonly #init: AttemptInit<Tx>
  /** The answer that is, or is about to be, committed. */
  #answer: Response | undefined
  /** Whether something may have happened outside of the transaction: nothing, before the handler is called. */
  #beyond: Outcome = 'none'
  #isLost = false

  constructor(init: AttemptInit<Tx>) {
    this.#init = init
  }

  async run(): Promise<Response> {
    try {
      // The claim may have been made just as its request was cancelled.
      throwIfCancelled()
      return await cancelScope((scope) => this.#whileRenewed(scope), { name: 'idempotent request' })
    } catch (error) {
      return await this.#endWithout(error)
    }
  }

  async #whileRenewed(scope: CancelScope): Promise<Response> {
    const onLost = (): void => {
      this.#isLost = true
      scope.cancel('another process has taken over the idempotency key')
    }
    return await whileRenewed(this.#init, onLost, () => this.#transact())
  }

  async #transact(): Promise<Response> {
    return await this.#init.store.transaction(async (tx) => {
      this.#expectToRepeat()
      const answer = await this.#handle(tx)
      return await this.#finish(answer, tx)
    })
  }

  /** A transaction that was undone is repeated only if all of it was. */
  #expectToRepeat(): void {
    this.#answer = undefined
    if (this.#beyond === 'none' || this.#init.effects === 'repeatable') return
    throw new ServerError(
      'The transaction of an idempotent request was undone, but not what its handler did outside of it',
      { operation: 'idempotent', code: 'outcome_unknown', retryable: false, outcome: 'unknown' },
    )
  }

  async #handle(tx: Tx): Promise<Answer> {
    let outcome: Outcome = this.#init.effects === 'transaction' ? 'none' : 'unknown'
    let handling: CancelScope | undefined
    try {
      // A scope of its own: what the handler left behind has ended before its outcome is asked for.
      return await cancelScope(
        async (scope) => {
          handling = scope
          const response = await this.#init.handle(tx)
          if (typeof response?.status !== 'number') {
            throw expected('the handler to return a Response', response)
          }
          if (mayHelpLater(response.status)) throw new FailedAnswer(response)
          return await this.#read(response)
        },
        { name: 'idempotent handler' },
      )
    } catch (error) {
      // Asked of what the handler threw: a transaction that was rolled back says `none` of itself alone.
      if (saysNone(error)) outcome = 'none'
      throw error
    } finally {
      // What is in the transaction does not count before its COMMIT.
      this.#beyond = handling?.outcome === 'unknown' ? 'unknown' : outcome
    }
  }

  async #read(response: Response): Promise<Answer> {
    const { kept, maxAnswerBytes } = this.#init
    const stored = await storedAnswer(response, kept, maxAnswerBytes)
    return { stored, response: firstAnswer(response, stored) }
  }

  async #finish({ stored, response }: Answer, tx?: Tx): Promise<Response> {
    const { store, claim, ttlMs } = this.#init
    this.#answer = response
    if (!(await store.finish(claim, stored, ttlMs, tx))) throw new LostClaim()
    return response
  }

  async #endWithout(error: unknown): Promise<Response> {
    if (HttpProblem.isInstance(error) && !mayHelpLater(error.status)) {
      return await this.#keep(problem(error, this.#init.accept))
    }
    return await this.#release(error)
  }

  /** Keeps an answer after what the handler did in its transaction was undone. */
  async #keep(response: Response): Promise<Response> {
    try {
      const answer = await this.#read(response)
      return await bookkeeping('finish key', () => this.#finish(answer))
    } catch (error) {
      return await this.#release(error)
    }
  }

  async #release(error: unknown): Promise<Response> {
    const { store, claim, accept } = this.#init
    const end = await release(store, claim, this.#releaseTo())
    if (end === 'answered' && this.#answer !== undefined) {
      currentRequest()?.fail(error)
      return this.#answer
    }
    if (this.#isLost || end === 'lost' || error instanceof LostClaim) {
      return keyProblem('running', accept)
    }
    if (error instanceof FailedAnswer) return error.response
    // A call or the store that failed says `none` of itself, and its client would take that for the request.
    if (this.#beyond === 'unknown') raiseOutcome(error)
    throw error
  }

  #releaseTo(): ReleaseTo {
    if (this.#init.effects === 'repeatable') return 'again'
    return this.#beyond === 'unknown' ? 'unknown' : 'free'
  }
}

/** Whether the same request may have another answer later: such an answer is not kept. */
function mayHelpLater(status: number): boolean {
  return status < 200 || status >= 500 || TRANSIENT_STATUSES.has(status)
}

/**
 * Whether a handler says that nothing has happened. Only a problem that it made speaks of the request: an
 * error of a call says `none` of that call, a statement of its transaction, and a cancel or a deadline knows
 * only of what went through `io()`. Another call, by a client that is not seen here, may have been before it.
 */
function saysNone(error: unknown): boolean {
  return HttpProblem.isInstance(error) && error.outcome === 'none'
}
