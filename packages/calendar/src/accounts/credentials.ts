import { IoError, isRetryable, shield, sleep, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { fieldOf } from '@yuzuru/concurrency/boundary'
import { retry, type SingleFlight, singleFlight } from '@yuzuru/concurrency/resilience'
import type { CalendarTokens, StoredAccount } from '../stores/account-tokens.ts'
import { CalendarError } from '../calendar-error.ts'
import type { CalendarStore, RefreshClaim } from '../stores/calendar-store.ts'
import type { AccountChanges } from './account-change.ts'
import type { FreshTokens, OAuth } from './oauth.ts'
import type { CallContext } from '../wire/translate-error.ts'

/** How long one refresh may take until its tokens are to be stored. */
const REFRESH_MS = 30_000

/** How long Google may take of it. */
const GOOGLE_MS = 15_000

/** How long the store may take to keep what Google gave, whatever else has run out of time. */
const STORE_MS = 10_000

/** Why an account has to be connected again, where it is not Google's word. */
const LOST = 'refresh_lost'

/** Longer than Google and the store may take: only a process that died keeps a lease to its end. */
const LEASE_MS = GOOGLE_MS + STORE_MS + 5_000

/** How often to look whether another process is through. */
const POLL_MS = 100

/**
 * The access tokens of all accounts. One refresh serves every caller that needs it, in this process and
 * across processes, and belongs to none of them: it runs on when its callers give up, so that a refresh
 * token that Google has replaced is stored in any case. It ends after half a minute at the latest.
 */
export class Credentials {
  readonly #store: CalendarStore
  readonly #oauth: OAuth
  readonly #now: () => number
  readonly #changes: AccountChanges
  /** By account and the version whose token is due. */
  readonly #renewed: SingleFlight<[reference: string, version: number], StoredAccount>

  constructor(store: CalendarStore, oauth: OAuth, now: () => number, changes: AccountChanges) {
    this.#changes = changes
    this.#store = store
    this.#oauth = oauth
    this.#now = now
    const name = 'calendar.refresh'
    this.#renewed = singleFlight(
      (reference, version) =>
        withTimeout(REFRESH_MS, () => this.#refresh({ operation: 'refresh', reference }, version), {
          name,
        }),
      { key: (...version) => JSON.stringify(version), detached: true, name },
    )
  }

  /** The account as it stands, whether Google still takes its tokens or not. */
  async look(call: CallContext): Promise<StoredAccount> {
    const account = await this.#store.load(call.reference)
    if (account === undefined) throw notConnected(call)
    return account
  }

  /** The account, its access token not due yet. */
  async current(call: CallContext): Promise<StoredAccount> {
    const account = await this.#load(call)
    return account.tokens.refreshAt > this.#now() ? account : await this.renew(call, account)
  }

  /** The account after `stale`, whose access token is due, or was refused. */
  async renew(call: CallContext, stale: StoredAccount): Promise<StoredAccount> {
    try {
      return await this.#renewed(call.reference, stale.version)
    } catch (error) {
      throw forCaller(call, error)
    }
  }

  /** Waits until no refresh is under way. */
  async settled(): Promise<void> {
    await this.#renewed.settled()
  }

  /** Once Google has said that the consent is gone, it is not asked again until there is another one. */
  async #load(call: CallContext): Promise<StoredAccount> {
    const account = await this.look(call)
    if (account.tokens.ended === undefined) return account
    throw consentGone(call, account.tokens.ended.why)
  }

  async #refresh(call: CallContext, version: number): Promise<StoredAccount> {
    const { reference } = call
    for (;;) {
      const account = await this.#load(call)
      if (account.version !== version) return account
      const claim = await this.#store.claimRefresh(reference, version, LEASE_MS)
      if (claim !== false) {
        const renewed = await this.#refreshClaimed(call, account, claim)
        if (renewed !== undefined) return renewed
      } else {
        await sleep(POLL_MS)
      }
    }
  }

  /** `undefined`: the account was changed meanwhile. */
  async #refreshClaimed(
    call: CallContext,
    account: StoredAccount,
    claim: RefreshClaim,
  ): Promise<StoredAccount | undefined> {
    const { reference } = call
    const { version, tokens: old } = account
    let tokens: CalendarTokens
    const asking = { unsettled: claim.unsettled }
    try {
      tokens = await this.#ask(call, old, asking)
    } catch (failed) {
      const isLost = isConsentGone(failed) && asking.unsettled
      const error = isLost ? refreshLost(call, failed) : failed
      if (isConsentGone(error)) await this.#end(account, error)
      await this.#release(reference, version, asking.unsettled)
      const now = await this.#load(call)
      if (now.version !== version) return now
      throw error
    }
    // Before the access token is used: a refresh token that was replaced works no more.
    const save = (): Promise<boolean> => this.#store.replace(reference, version, tokens)
    const saved = await shield(() => retry(save, { attempts: 8, idempotent: true }), {
      name: 'calendar.refresh store',
      timeoutMs: STORE_MS,
    })
    if (!saved) return undefined
    return await this.#load(call)
  }

  /** Keeps that the consent is gone. If it fails, the next call asks Google once more. */
  async #end({ version, tokens }: StoredAccount, error: CalendarError): Promise<void> {
    const ended = { at: this.#now(), why: error.reason ?? 'invalid_grant' }
    const { reference = '' } = error
    const end = (): Promise<boolean> =>
      this.#store.replace(reference, version, { ...tokens, ended })
    const isKept = await shield(end, { timeoutMs: STORE_MS }).catch(() => false)
    if (isKept) this.#changes.tell(reference, 'reconnect_required', tokens, ended.why)
  }

  /** If it fails, the lease runs out by itself. */
  async #release(reference: string, version: number, unsettled: boolean): Promise<void> {
    const release = (): Promise<void> => this.#store.releaseRefresh(reference, version, unsettled)
    await shield(release, { timeoutMs: 2_000 }).catch(() => undefined)
  }

  /**
   * Asks again where the answer was lost: if that had replaced the token, nothing more is lost. Notes in `asking` that
   * Google may have done so.
   */
  async #ask(
    call: CallContext,
    old: CalendarTokens,
    asking: { unsettled: boolean },
  ): Promise<CalendarTokens> {
    const refresh = async (): Promise<FreshTokens> => {
      try {
        return await this.#oauth.refresh(call, old.refreshToken)
      } catch (error) {
        if (fieldOf(error, 'outcome') !== 'none') asking.unsettled = true
        throw error
      }
    }
    const fresh = await withTimeout(GOOGLE_MS, () => retry(refresh, { idempotent: true }))
    const { accessToken, refreshAt } = fresh
    const { refreshToken = old.refreshToken, scopes = old.scopes } = fresh
    const { email, subject, connectedAt } = old
    return { accessToken, refreshAt, refreshToken, scopes, email, subject, connectedAt }
  }
}

function isConsentGone(error: unknown): error is CalendarError {
  return CalendarError.isInstance(error) && error.code === 'reconnect_required'
}

function notConnected({ operation, reference }: CallContext): CalendarError {
  const message = `calendar.${operation} failed: this account is not connected; send the person to authorizeUrl`
  const init = { operation, reference, code: 'not_connected', outcome: 'none' } as const
  return new CalendarError(message, init)
}

function consentGone({ operation, reference }: CallContext, reason: string): CalendarError {
  const message = `calendar.${operation} failed: Google no longer takes the consent of this account; send the person to authorizeUrl again`
  const init = {
    operation,
    reference,
    code: 'reconnect_required',
    outcome: 'none',
    reason,
  } as const
  return new CalendarError(message, init)
}

/**
 * Google does not take a refresh token, and an earlier refresh with it has no known end: Google may have replaced it, and
 * the answer was lost, with the process or on the way.
 */
function refreshLost({ operation, reference }: CallContext, cause: CalendarError): CalendarError {
  const message = `calendar.${operation} failed: Google no longer takes the refresh token, and the answer of an earlier refresh was lost, which may have replaced it; send the person to authorizeUrl again`
  const init = { operation, reference, code: 'reconnect_required', outcome: 'none' } as const
  return new CalendarError(message, { ...init, status: cause.status, reason: LOST, cause })
}

/** A failed refresh as the failure of a call that needed it: of that call nothing was sent. */
function forCaller({ operation, reference }: CallContext, error: unknown): unknown {
  if (TimeoutError.isInstance(error)) {
    const message = `calendar.${operation} failed: the access token could not be refreshed in time`
    const init = { operation, reference, code: 'timeout', outcome: 'none' } as const
    return new CalendarError(message, { ...init, retryable: true, cause: error })
  }
  if (!CalendarError.isInstance(error)) {
    if (!IoError.isInstance(error)) return error
    const message = `calendar.${operation} failed: the store could not keep the tokens`
    const init = { operation, reference, code: 'unexpected', outcome: 'none' } as const
    return new CalendarError(message, { ...init, retryable: isRetryable(error), cause: error })
  }
  const { code, retryable, status, reason, retryAfterMs } = error
  const message = error.message.replace('calendar.refresh ', `calendar.${operation} `)
  const init = { operation, reference, code, retryable, status, reason, retryAfterMs }
  return new CalendarError(message, { ...init, outcome: 'none', cause: error })
}
