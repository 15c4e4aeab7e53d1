import type { Stripe } from 'stripe'
import type { PlanOptions } from './status/plan-options.ts'
import type { BillingStore } from './stores/billing-store.ts'

/** What every billing needs to know. */
export interface CommonBillingOptions<Tx> extends PlanOptions {
  /** Where customers and events are kept: `kyselyBillingStore(db)`, or your own. */
  readonly store: BillingStore<Tx>
  /**
   * The app's name, for an account of Stripe's that several apps share: 1 to 200 characters, the same for good. What
   * another app has made is nobody's here, whatever reference it names.
   *
   * @default the account is this app's alone
   */
  readonly app?: string | undefined
  /** `whsec_…` of the endpoint; several while one is rolled. Needed by `webhooks` only. */
  readonly webhookSecret?: string | readonly string[] | undefined
  /** How old a webhook may be, in milliseconds: 1,000 to 86,400,000. @default 300_000 */
  readonly webhookToleranceMs?: number | undefined
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined
}

/** For {@link createBilling}: a client of our own. */
export interface OwnBillingOptions<Tx> extends CommonBillingOptions<Tx> {
  /** `sk_…`, or a restricted `rk_…`. */
  readonly secretKey: string
  /** Another origin than Stripe's, for tests; `http:` only on this machine. @default 'https://api.stripe.com' */
  readonly apiBase?: string | URL | undefined
  /** How many requests may run at once: 1 to 1,000. @default 20 */
  readonly connections?: number | undefined
  /** How many may wait for their turn, from 0 up; more are `'overloaded'`. @default 1_000 */
  readonly queue?: number | undefined
  /** How long each may wait for its turn, in milliseconds: 1 to 600,000. @default 10_000 */
  readonly acquireTimeoutMs?: number | undefined
  /** How often a request is tried in all, the first time counted: 1 to 10. @default 3 */
  readonly attempts?: number | undefined
  /** The longest wait before the second try, doubled for each further one, in milliseconds. @default 500 */
  readonly baseDelayMs?: number | undefined
  /** How long one try may take, in milliseconds: 1 to 600,000. @default 30_000 */
  readonly attemptTimeoutMs?: number | undefined
  readonly client?: never
}

/**
 * For {@link createBilling}: a Stripe client of your own, never closed by yuzuru. Retries, limits and time
 * limits are its own. A cancel ends the call here; the request itself ends with its own time limit,
 * because stripe-node takes no `AbortSignal`.
 */
export interface ClientBillingOptions<Tx> extends CommonBillingOptions<Tx> {
  readonly client: Stripe
  readonly secretKey?: never
}

/** Options of {@link createBilling}: a secret key, or a Stripe client of your own. */
export type BillingOptions<Tx> = OwnBillingOptions<Tx> | ClientBillingOptions<Tx>

const COMMON: Readonly<Record<keyof CommonBillingOptions<unknown> | 'client', true>> = {
  client: true,
  store: true,
  app: true,
  webhookSecret: true,
  webhookToleranceMs: true,
  now: true,
  prices: true,
  trial: true,
  graceDays: true,
  keep: true,
  report: true,
}

/** The names of {@link ClientBillingOptions}. */
export const CLIENT_BILLING_OPTIONS: readonly string[] = Object.keys({
  ...COMMON,
  secretKey: true,
} satisfies Record<keyof ClientBillingOptions<unknown>, true>)

/** The names of {@link OwnBillingOptions}. */
export const OWN_BILLING_OPTIONS: readonly string[] = Object.keys({
  ...COMMON,
  secretKey: true,
  apiBase: true,
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  attempts: true,
  baseDelayMs: true,
  attemptTimeoutMs: true,
} satisfies Record<keyof OwnBillingOptions<unknown>, true>)
