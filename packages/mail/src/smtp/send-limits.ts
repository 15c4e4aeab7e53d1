import { moveOnAfter } from '@yuzuru/concurrency'
import { type RateLimiter, rateLimiter } from '@yuzuru/concurrency/resilience'
import { SmtpFault } from './smtp-fault.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** How many messages may leave; see `SmtpLimits`. */
export interface SendLimitsInit {
  readonly perSecond: number | undefined
  readonly perDay: number | undefined
  readonly acquireTimeoutMs: number
}

/** True sliding windows over all connections of a pool. */
export class SendLimits {
  readonly #limiters: readonly RateLimiter[]
  readonly #acquireTimeoutMs: number

  constructor({ perSecond, perDay, acquireTimeoutMs }: SendLimitsInit) {
    this.#acquireTimeoutMs = acquireTimeoutMs
    // The longer wait first: what is waited for last has the least time to grow old.
    this.#limiters = [
      ...limiter('mails a day', perDay, DAY_MS),
      ...limiter('mails a second', perSecond, SECOND_MS),
    ]
  }

  /** Waits until a message may leave. To be called when nothing else is left to wait for. */
  async pass(): Promise<void> {
    for (const each of this.#limiters) {
      if (each.tryAcquire()) continue
      const waited = await moveOnAfter(this.#acquireTimeoutMs, () => each.acquire())
      if (!waited.expired) continue
      const message = `not sent: too many ${each.name}, and none was free within ${this.#acquireTimeoutMs} ms`
      throw new SmtpFault('pool', { reason: 'acquire_timeout', message })
    }
  }
}

function limiter(name: string, limit: number | undefined, windowMs: number): RateLimiter[] {
  return limit === undefined ? [] : [rateLimiter({ limit, windowMs, name })]
}
