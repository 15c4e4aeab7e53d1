import { AsyncLocalStorage } from 'node:async_hooks'
import {
  detached,
  IoError,
  isRetryable,
  shield,
  sleep,
  TimeoutError,
  withTimeout,
} from '@yuzuru/concurrency'
import { retry } from '@yuzuru/concurrency/resilience'
import { Event } from '@yuzuru/concurrency/sync'
import type { CalendarTokens, StoredAccount } from './account-tokens.ts'
import { CalendarError } from './calendar-error.ts'
import type { CalendarStore } from './calendar-store.ts'
import type { OAuth } from './oauth.ts'
import type { Told } from './translate-error.ts'

/** How long one refresh may take until its tokens are to be stored. */
const REFRESH_MS = 30_000

/** How long Google may take of it. */
const GOOGLE_MS = 15_000

/** How long the store may take to keep what Google gave, whatever else has run out of time. */
const STORE_MS = 10_000

/** Longer than Google and the store may take: only a process that died keeps a lease to its end. */
const LEASE_MS = GOOGLE_MS + STORE_MS + 5_000

/** How often it is looked whether another process is through. */
const POLL_MS = 100

interface Flight {
  readonly landed: Event
  outcome: { readonly account: StoredAccount } | { readonly error: unknown } | undefined
}

/**
 * The access tokens of all accounts. A refresh happens once for all who need it, in this process and
 * across processes, and is no caller's: whoever gives up leaves it running, so that a refresh token that
 * Google has replaced is stored in any case. It ends by itself, after half a minute at the latest.
 */
export class Credentials {
  readonly #store: CalendarStore
  readonly #oauth: OAuth
  readonly #now: () => number
  readonly #flights: Map<string, Flight> = new Map()
  /** A refresh sees nothing of the caller that happened to start it (a transaction, say). */
  readonly #outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot()

  constructor(store: CalendarStore, oauth: OAuth, now: () => number) {
    this.#store = store
    this.#oauth = oauth
    this.#now = now
  }

  /** The account, its access token not due yet. */
  async current(told: Told): Promise<StoredAccount> {
    const account = await this.#load(told)
    return account.tokens.refreshAt > this.#now() ? account : await this.renew(told, account)
  }

  /** The account after `stale`, whose access token is due, or was refused. */
  async renew(told: Told, stale: StoredAccount): Promise<StoredAccount> {
    const { reference } = told
    const key = JSON.stringify([reference, stale.version])
    const flight = this.#flights.get(key) ?? this.#start(key, reference, stale.version)
    await flight.landed.wait()
    const { outcome } = flight
    if (outcome !== undefined && 'account' in outcome) return outcome.account
    throw forCaller(told, outcome?.error)
  }

  /** Waits until no refresh is under way. */
  async settled(): Promise<void> {
    while (this.#flights.size > 0) {
      await Promise.all(Array.from(this.#flights.values(), ({ landed }) => landed.wait()))
    }
  }

  async #load(told: Told): Promise<StoredAccount> {
    const account = await this.#store.load(told.reference)
    if (account !== undefined) return account
    const { operation, reference } = told
    const message = `calendar.${operation} failed: this account is not connected; send the person to authorizationUrl`
    throw new CalendarError(message, {
      operation,
      reference,
      code: 'not_connected',
      outcome: 'none',
    })
  }

  #start(key: string, reference: string, version: number): Flight {
    const flight: Flight = { landed: new Event({ name: 'token refresh' }), outcome: undefined }
    this.#flights.set(key, flight)
    const told = { operation: 'refresh', reference }
    const land = (outcome: Flight['outcome']): void => {
      flight.outcome = outcome
      this.#flights.delete(key)
      flight.landed.set()
    }
    const name = 'calendar.refresh'
    const refresh = (): Promise<StoredAccount> =>
      withTimeout(REFRESH_MS, () => this.#refresh(told, version), { name })
    this.#outside(() => detached(refresh)).then(
      (account) => land({ account }),
      (error: unknown) => land({ error }),
    )
    return flight
  }

  async #refresh(told: Told, version: number): Promise<StoredAccount> {
    const { reference } = told
    for (;;) {
      const account = await this.#load(told)
      if (account.version !== version) return account
      if (await this.#store.claimRefresh(reference, version, LEASE_MS)) {
        const renewed = await this.#refreshClaimed(told, account)
        if (renewed !== undefined) return renewed
      } else {
        await sleep(POLL_MS)
      }
    }
  }

  /** `undefined`: somebody else changed the account meanwhile. */
  async #refreshClaimed(told: Told, account: StoredAccount): Promise<StoredAccount | undefined> {
    const { reference } = told
    const { version, tokens: old } = account
    let tokens: CalendarTokens
    try {
      tokens = await this.#ask(told, old)
    } catch (error) {
      await this.#release(reference, version)
      const now = await this.#load(told)
      if (now.version !== version) return now
      throw error
    }
    // Before anyone uses the access token: a refresh token that was replaced works no more.
    const save = (): Promise<boolean> => this.#store.replace(reference, version, tokens)
    const saved = await shield(() => retry(save, { attempts: 8, idempotent: true }), {
      name: 'calendar.refresh store',
      timeoutMs: STORE_MS,
    })
    if (!saved) return undefined
    return await this.#load(told)
  }

  /** If it fails, the lease runs out by itself. */
  async #release(reference: string, version: number): Promise<void> {
    const release = (): Promise<void> => this.#store.releaseRefresh(reference, version)
    await shield(release, { timeoutMs: 2_000 }).catch(() => undefined)
  }

  /** Asked again where the answer was lost: if the token was replaced by it, nothing is lost by asking. */
  async #ask(told: Told, old: CalendarTokens): Promise<CalendarTokens> {
    const fresh = await withTimeout(GOOGLE_MS, () =>
      retry(() => this.#oauth.refresh(told, old.refreshToken), { idempotent: true }),
    )
    const { refreshToken = old.refreshToken, scopes = old.scopes } = fresh
    return { ...fresh, refreshToken, scopes }
  }
}

/** A failed refresh as the failure of a call that needed it: of that call nothing was sent. */
function forCaller({ operation, reference }: Told, error: unknown): unknown {
  if (TimeoutError.isInstance(error)) {
    const message = `calendar.${operation} failed: the access token could not be refreshed in time`
    const init = { operation, reference, code: 'connection_lost', outcome: 'none' } as const
    return new CalendarError(message, { ...init, retryable: true, cause: error })
  }
  if (!CalendarError.isInstance(error)) {
    if (!IoError.isInstance(error)) return error
    const message = `calendar.${operation} failed: the store could not keep the tokens`
    const init = { operation, reference, code: 'unexpected', outcome: 'none' } as const
    return new CalendarError(message, { ...init, retryable: isRetryable(error), cause: error })
  }
  const { code, retryable, status, reason, retryAfterMs } = error
  const told = error.message.replace('calendar.refresh ', `calendar.${operation} `)
  const init = { operation, reference, code, retryable, status, reason, retryAfterMs }
  return new CalendarError(told, { ...init, outcome: 'none', cause: error })
}
