import { describeValue } from '@yuzuru/concurrency'
import type { CalendarTokens, StoredAccount } from './account-tokens.ts'

/** A consent that was asked for and is not answered yet. */
export interface PendingConsent {
  readonly reference: string
  /** The PKCE verifier (RFC 7636). */
  readonly verifier: string
  readonly scopes: readonly string[]
}

/** The right to refresh a version. */
export interface RefreshClaim {
  /**
   * Whether an earlier refresh of this version was begun, and its end is not known: its right ran out, or was given
   * back as unsettled. Google may have put another refresh token in place of ours, which nobody has.
   */
  readonly unsettled: boolean
}

/**
 * Where tokens are kept, sealed by a cipher. It must be shared by all processes that use the same
 * accounts. Its functions obey the ambient scope like all others; a promise that resolved means that
 * the change is durable.
 *
 * `exerciseCalendarStore` of `@yuzuru/calendar/testing` holds an implementation to this.
 */
export interface CalendarStore {
  /** `undefined`: not connected. */
  load(reference: string): Promise<StoredAccount | undefined>
  /** Puts tokens in place of whatever is there, under a version that was never there. */
  put(reference: string, tokens: CalendarTokens): Promise<void>
  /** Puts tokens in place of this very version. False, and no change, when another one is there, or none. */
  replace(reference: string, version: number, tokens: CalendarTokens): Promise<boolean>
  /** Removes this very version. False when another one is there, or none. */
  remove(reference: string, version: number): Promise<boolean>
  /**
   * Takes the right to refresh this very version, for `leaseMs` at the most. False when another caller
   * has it, or another version is there, or none. A change of version ends it.
   */
  claimRefresh(reference: string, version: number, leaseMs: number): Promise<false | RefreshClaim>
  /**
   * Gives the right back without a change.
   *
   * @param unsettled whether Google may have replaced the refresh token all the same: the next claim of this version
   *   has to say so
   */
  releaseRefresh(reference: string, version: number, unsettled: boolean): Promise<void>
  /** Keeps a consent under `key` for `lifetimeMs`, and forgets those that have expired. */
  putPending(key: string, pending: PendingConsent, lifetimeMs: number): Promise<void>
  /** Gives a consent that has not expired, once. */
  takePending(key: string): Promise<PendingConsent | undefined>
}

const FUNCTIONS = [
  'load',
  'put',
  'replace',
  'remove',
  'claimRefresh',
  'releaseRefresh',
  'putPending',
  'takePending',
] as const satisfies (keyof CalendarStore)[]

/** Throws unless `store` has every function of a {@link CalendarStore}. */
export function expectStore(store: CalendarStore): void {
  const missing = FUNCTIONS.find((name) => typeof store?.[name] !== 'function')
  if (missing === undefined) return
  throw new TypeError(
    `Expected store to be a CalendarStore, got ${describeValue(store)} without ${missing}`,
  )
}
