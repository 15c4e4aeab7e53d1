import { outcomeOf, remaining } from '@yuzuru/concurrency'
import {
  backoff,
  type BackoffDelay,
  type Closing,
  expected,
  expectInteger,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import { type RetryBudget, retryBudget } from '@yuzuru/concurrency/resilience'
import { MailError, type MailErrorCode } from '../mail-error.ts'
import { Brake } from './brake.ts'

/**
 * How a send is tried again: when the server said 4xx or there was no connection, and nothing has
 * happened (`outcome: 'none'`). Never a refusal for good, and never what may have gone out.
 *
 * A 421 or 454 holds back every send of the client for a while, not only the one that got it.
 */
export interface MailRetry {
  /** Tries in all: an integer from 1 up. @default 3 */
  readonly attempts?: number | undefined
  /** The longest wait before the second try, in milliseconds; doubled for each further one. @default 1_000 */
  readonly baseDelayMs?: number | undefined
  /** The longest wait of all, in milliseconds. @default 60_000 */
  readonly maxDelayMs?: number | undefined
  /** Keeps retries a fraction of sends. @default one of its own: a tenth of the sends, and 10 in reserve */
  readonly budget?: RetryBudget | undefined
  /** Gives 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined
}

const OPTIONS: readonly string[] = Object.keys({
  attempts: true,
  baseDelayMs: true,
  maxDelayMs: true,
  budget: true,
  random: true,
} satisfies Record<keyof MailRetry, true>)

const WORTH_IT: ReadonlySet<MailErrorCode> = new Set([
  'attachment_failed',
  'connection_failed',
  'connection_lost',
  'temporarily_rejected',
  'timeout',
])

/** 421: too much of something, or it ends; 454: throttled (SES), or no login for now. */
const SLOW_DOWN: ReadonlySet<number | undefined> = new Set([421, 454])

/** Tries again what may be tried again. One for all sends of a client. */
export class Retrying {
  readonly #attempts: number
  readonly #delayMs: BackoffDelay
  readonly #budget: RetryBudget
  readonly #brake: Brake
  readonly #life: Closing

  /** @throws {TypeError} unless the options are valid */
  constructor(options: MailRetry, life: Closing) {
    expectOptions(options, OPTIONS, 'createMail.retry')
    const { attempts = 3, baseDelayMs = 1_000, maxDelayMs = 60_000, random } = options
    const { budget = retryBudget() } = options
    expectInteger('retry.attempts', attempts, 1)
    if (typeof budget?.tryWithdraw !== 'function' || typeof budget.deposit !== 'function') {
      throw expected('retry.budget to be a RetryBudget', budget)
    }
    this.#attempts = attempts
    this.#delayMs = backoff({ baseDelayMs, maxDelayMs, random })
    this.#budget = budget
    this.#brake = new Brake(this.#delayMs)
    this.#life = life
  }

  async run<T>(fn: () => Promise<T>): Promise<T> {
    this.#budget.deposit()
    for (let attempt = 1; ; attempt += 1) {
      await this.#brake.pass(this.#life)
      try {
        const value = await fn()
        this.#brake.release()
        return value
      } catch (error) {
        if (!MailError.isInstance(error)) throw error
        if (SLOW_DOWN.has(error.status)) this.#brake.hold()
        if (attempt === this.#attempts || !mayRepeat(error)) throw error
        const delayMs = this.#delayMs(attempt)
        if (delayMs >= remaining() || !this.#budget.tryWithdraw()) throw error
        await this.#life.pause(delayMs)
        if (this.#life.state !== 'open' && this.#life.state !== 'draining') throw error
      }
    }
  }
}

function mayRepeat(error: MailError): boolean {
  return error.retryable && WORTH_IT.has(error.code) && outcomeOf(error) === 'none'
}
