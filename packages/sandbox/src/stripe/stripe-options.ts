import { expectInteger, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Dunning } from './core/service.ts'

export interface StripeOptions {
  /** @default a free port */
  port?: number | undefined
  /** The only key that is accepted. @default 'sk_test_sandbox_yuzuru' */
  secretKey?: string | undefined
  /** @default 'whsec_sandbox_yuzuru' */
  webhookSecret?: string | undefined
  /**
   * `'at-once'`: as Stripe does, every event goes off as soon as it happens, and which one arrives first
   * is not promised. `'in-turn'`: the next one goes when the one before has been accepted or given up.
   *
   * @default 'at-once'
   */
  webhookOrder?: 'at-once' | 'in-turn' | undefined
  /**
   * Waits between the attempts of one webhook, in milliseconds of the machine's clock; or `'stripe'`:
   * Stripe's own, of minutes to hours, on the sandbox's clock, sent by {@link StripeServer.settle}.
   *
   * @default [50, 100, 200, 400]
   */
  webhookRetryDelaysMs?: 'stripe' | readonly number[] | undefined
  /** How long a webhook's receiver may take, in milliseconds. @default 10_000 */
  webhookTimeoutMs?: number | undefined
  /**
   * When a failed payment of a subscription is tried again, in days after the attempt before, and what
   * becomes of the subscription when the last try failed.
   *
   * @default { retryAfterDays: [3, 5, 7], end: 'cancel' }
   */
  dunning?: Partial<Dunning> | undefined
  /** `'lagging'`: search sees only what {@link StripeServer.indexSearch} showed it. @default 'immediate' */
  search?: 'immediate' | 'lagging' | undefined
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined
  /** Where the state is kept between runs (`stripe.json`). @default nowhere */
  dir?: string | undefined
}

/** The names of {@link StripeOptions}. */
export const STRIPE_OPTIONS: readonly string[] = Object.keys({
  port: true,
  secretKey: true,
  webhookSecret: true,
  webhookOrder: true,
  webhookRetryDelaysMs: true,
  webhookTimeoutMs: true,
  dunning: true,
  search: true,
  now: true,
  dir: true,
} satisfies Record<keyof StripeOptions, true>)

/** Throws on what is no option of Stripe's, before anything is started. */
export function expectStripeOptions(options: StripeOptions): Dunning {
  expectOptions(options, STRIPE_OPTIONS, 'startStripe')
  const {
    dunning = {},
    search = 'immediate',
    webhookOrder = 'at-once',
    webhookRetryDelaysMs,
  } = options
  if (Array.isArray(webhookRetryDelaysMs) && webhookRetryDelaysMs.some((delay) => !(delay >= 0))) {
    throw new TypeError(
      `Expected webhookRetryDelaysMs of 0 and up, got ${webhookRetryDelaysMs.join(', ')}`,
    )
  }
  expectOneOf('webhookOrder', webhookOrder, ['at-once', 'in-turn'])
  expectOneOf('search', search, ['immediate', 'lagging'])
  expectOptions(dunning, ['retryAfterDays', 'end'], 'startStripe.dunning')
  const { retryAfterDays = [3, 5, 7], end = 'cancel' } = dunning
  for (const days of retryAfterDays) expectInteger('dunning.retryAfterDays', days, 1, 60)
  expectOneOf('dunning.end', end, ['cancel', 'leave_past_due', 'mark_unpaid'])
  return { retryAfterDays, end }
}

function expectOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return
  throw new TypeError(`Expected ${name} to be one of ${allowed.join(', ')}, got ${value}`)
}
