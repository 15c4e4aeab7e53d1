import { expectOptions } from '@yuzuru/concurrency/boundary'
import { StripeFailure } from './error.ts'

/** What goes wrong on purpose with a request that came in whole. */
export interface StripeTrouble {
  /**
   * - `rate_limit`, `lock_timeout`: 429, and nothing is done.
   * - `error`: 500, and nothing is done; under an idempotency key the 500 is stored and replayed.
   * - `error_after`: the request is done, and the reply is 500 all the same, stored as well.
   *
   * A reply that is lost on its way is the fault proxy's `dropReply`.
   */
  readonly kind: 'error' | 'error_after' | 'lock_timeout' | 'rate_limit'
  /** A part of `POST /v1/customers`. @default every request */
  readonly when?: string | undefined
  /** How often. @default 1 */
  readonly times?: number | undefined
}

const KINDS = ['error', 'error_after', 'lock_timeout', 'rate_limit']

/** The troubles that are set, each until it has happened as often as it should. */
export class Troubles {
  #waiting: { trouble: StripeTrouble; left: number }[] = []

  /** Replaces what was set before. */
  set(troubles: readonly StripeTrouble[]): void {
    for (const trouble of troubles) {
      expectOptions(trouble, ['kind', 'when', 'times'], 'setTroubles')
      if (!KINDS.includes(trouble.kind)) {
        throw new TypeError(`Expected kind to be one of ${KINDS.join(', ')}, got ${trouble.kind}`)
      }
    }
    this.#waiting = troubles.map((trouble) => ({ trouble, left: trouble.times ?? 1 }))
  }

  /** Takes the first one that a request meets. */
  take(method: string, path: string): StripeTrouble['kind'] | undefined {
    const line = `${method} ${path}`
    const met = this.#waiting.find(
      ({ trouble, left }) => left > 0 && line.includes(trouble.when ?? ''),
    )
    if (met) met.left -= 1
    return met?.trouble.kind
  }
}

/** 429 and 500 in Stripe's shape. Source: https://docs.stripe.com/rate-limits */
export function failureOf(kind: StripeTrouble['kind']): StripeFailure {
  if (kind === 'rate_limit') {
    return new StripeFailure(429, 'Request rate limit exceeded.', {
      code: 'rate_limit',
      unstarted: true,
    })
  }
  if (kind === 'lock_timeout') {
    return new StripeFailure(
      429,
      'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate.',
      { code: 'lock_timeout', unstarted: true },
    )
  }
  return new StripeFailure(500, 'An unknown error occurred.', { type: 'api_error' })
}
