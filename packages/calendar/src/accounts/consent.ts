import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type IoOptions, shield } from '@yuzuru/concurrency'
import {
  expected,
  expectObject,
  expectOptions,
  expectText,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import { CalendarError, type CalendarErrorCode } from '../calendar-error.ts'
import type { CalendarStore, PendingConsent } from '../stores/calendar-store.ts'
import type { CalendarTokens } from '../stores/account-tokens.ts'
import type { AccountChanges } from './account-change.ts'
import type { Identity } from './id-token.ts'
import { expectReference } from '../reference.ts'
import type { FreshTokens, OAuth } from './oauth.ts'
import type { Operation, Operations } from '../wire/operations.ts'

/** Which account is to be asked for what. */
export interface ConsentRequest {
  /** Your own name for the account: the id of the member of staff, say. 1 to 200 characters. */
  readonly reference: string
  /**
   * What the person is asked to allow, beside the account's address (`openid email`). What was allowed
   * before is kept, so one more scope may be asked for by itself.
   *
   * @default ['https://www.googleapis.com/auth/calendar.events.owned']: the events of one's own calendars
   */
  readonly scopes?: readonly string[] | undefined
  /** Which Google account is probably meant: its address. */
  readonly loginHint?: string | undefined
  /** A state of your own: 22 to 500 characters that nobody can guess. @default 256 random bits */
  readonly state?: string | undefined
}

const CONSENT_REQUEST = Object.keys({
  reference: true,
  scopes: true,
  loginHint: true,
  state: true,
} satisfies Record<keyof ConsentRequest, true>)

/** The query of the callback, and the account of its session. */
export interface ConsentAnswer {
  /** The account whose session the callback came with: never take it from the query. */
  readonly reference: string
  /** Without one, or with one that was not made here, it is `'invalid_state'`: the query is anybody's to write. */
  readonly state?: string | undefined
  readonly code?: string | undefined
  /** In place of a code, when the person refused. */
  readonly error?: string | undefined
}

/** An account that was connected. */
export interface Connection {
  readonly reference: string
  /** The Google account's address. */
  readonly email: string | undefined
  /** What the person allowed, now or before. */
  readonly scopes: readonly string[]
}

export interface ConsentInit {
  readonly oauth: OAuth
  readonly operations: Operations
  readonly store: CalendarStore
  readonly authUrl: string
  readonly clientId: string
  readonly redirectUri: string
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number
  readonly changes: AccountChanges
}

const DEFAULT_SCOPES = ['https://www.googleapis.com/auth/calendar.events.owned']

/** So that it is known whose account it is. */
const IDENTITY = ['openid', 'email']

/** How long the person may take. */
const PENDING_MS = 60 * 60_000

/** How long the tokens of a consent may take to be stored, though the caller has given up. */
const STORE_MS = 10_000

/** How accounts come to be connected, and end: RFC 6749 with PKCE (RFC 7636). */
export class Consents {
  readonly #init: ConsentInit

  constructor(init: ConsentInit) {
    this.#init = init
  }

  async authorizeUrl(request: ConsentRequest, options?: IoOptions): Promise<string> {
    expectObject('request', request)
    expectOptions(request, CONSENT_REQUEST, 'calendar.authorizeUrl')
    expectOptions(options, IO_OPTIONS, 'calendar.authorizeUrl')
    const { reference, scopes = DEFAULT_SCOPES, loginHint } = request
    const state = request.state ?? randomBytes(32).toString('base64url')
    expectReference(reference)
    expectScopes(scopes)
    expectText('state', state, 500)
    if (state.length < 22) throw new TypeError('Expected state to be at least 22 characters')
    if (loginHint !== undefined) expectText('loginHint', loginHint, 320)
    const { authUrl, clientId, redirectUri, store } = this.#init
    const verifier = randomBytes(32).toString('base64url')
    const url = new URL(authUrl)
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: [...new Set([...IDENTITY, ...scopes])].join(' '),
      state,
      code_challenge: digest(verifier).toString('base64url'),
      code_challenge_method: 'S256',
      // Without both Google gives no refresh token to an account that has consented before.
      access_type: 'offline',
      prompt: 'consent',
      // What was allowed before stays allowed: one more scope loses none of the others.
      include_granted_scopes: 'true',
      ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    const call = { operation: 'authorizeUrl', effect: 'idempotent', reference } as const
    await this.#init.operations.perform(call, options, async () => {
      await store.putPending(keyOf(state), { reference, verifier, scopes }, PENDING_MS)
    })
    return url.href
  }

  async exchange(answer: ConsentAnswer, options?: IoOptions): Promise<Connection> {
    // What else the callback's query holds (`scope`, `iss` …) may be handed over with it.
    expectObject('answer', answer)
    expectOptions(options, IO_OPTIONS, 'calendar.exchange')
    const { reference, state, code, error } = answer
    expectReference(reference)
    for (const [name, value] of Object.entries({ state, code, error })) {
      if (value !== undefined && typeof value !== 'string') {
        throw expected(`${name} to be a string, as the callback has it`, value)
      }
    }
    const call = { operation: 'exchange', effect: 'write', reference } as const
    return await this.#init.operations.perform(call, options, async (progress) => {
      if (!isCallback(answer))
        throw failure(
          call,
          'invalid_state',
          'this is no callback of Google: it needs state, and code or error',
        )
      const pending = await this.#take(call, state ?? '')
      if (code === undefined) throw refused(call, error)
      const { oauth, store } = this.#init
      const fresh = await oauth.exchange(call, code, pending.verifier)
      progress.sent = true
      const { accessToken, refreshAt, identity, scopes = pending.scopes } = fresh
      const old = (await store.load(reference))?.tokens
      await this.#expectAllowed(call, pending, { ...fresh, scopes }, old)
      const refreshToken = fresh.refreshToken ?? keptRefreshToken(old, identity)
      if (refreshToken === undefined) {
        throw failure(call, 'unexpected', 'Google gave no refresh token; try again')
      }
      const { email, subject } = identity ?? {}
      const connectedAt = this.#init.now()
      const granted = { accessToken, refreshAt, refreshToken, scopes, email, subject, connectedAt }
      await shield(() => store.put(reference, granted), { timeoutMs: STORE_MS })
      const isNew = old === undefined || old.ended !== undefined
      if (isNew) this.#init.changes.tell(reference, 'connected', granted)
      return { reference, email, scopes }
    })
  }

  async revoke(reference: string, options?: IoOptions): Promise<{ readonly revoked: boolean }> {
    expectOptions(options, IO_OPTIONS, 'calendar.revoke')
    expectReference(reference)
    const call = { operation: 'revoke', effect: 'idempotent', reference } as const
    const { oauth, store } = this.#init
    return await this.#init.operations.perform(call, options, async (progress) => {
      for (let revoked = false; ; revoked = true) {
        const account = await store.load(reference)
        if (account === undefined) return { revoked }
        await oauth.revoke(call, account.tokens.refreshToken)
        progress.sent = true
        // A refresh may have come in between: then its tokens are revoked too.
        if (await store.remove(reference, account.version)) {
          this.#init.changes.tell(reference, 'not_connected', account.tokens)
          return { revoked: true }
        }
      }
    })
  }

  /** Looked up by its digest, so that the time it takes says nothing about the states that there are. */
  async #take(call: Operation, state: string): Promise<PendingConsent> {
    const pending = await this.#init.store.takePending(keyOf(state))
    if (pending !== undefined && isSame(pending.reference, call.reference)) return pending
    throw failure(
      call,
      'invalid_state',
      'the state is unknown, too old, used, or of another account; begin again with authorizeUrl',
    )
  }

  /**
   * A person can leave out some of what was asked for. Then nothing of it is kept. At Google it is revoked, but
   * only if there was nothing before: revoking ends all that the account allowed this client.
   */
  async #expectAllowed(
    call: Operation,
    { scopes: asked }: PendingConsent,
    { accessToken, scopes }: FreshTokens & { readonly scopes: readonly string[] },
    old: CalendarTokens | undefined,
  ): Promise<void> {
    const isCalendar = (scope: string): boolean => CALENDAR_SCOPE.test(scope)
    const missing = asked.filter((scope) => isCalendar(scope) && !scopes.includes(scope))
    if (missing.length === 0) return
    const before = scopes.some((scope) => isCalendar(scope) && !asked.includes(scope))
    if (old === undefined && !before) await this.#init.oauth.revoke(call, accessToken)
    throw failure(call, 'consent_refused', `the person did not allow ${missing.join(' ')}`)
  }
}

/** Google gives no other refresh token where it has given one: that one stays, if it is the same account's. */
function keptRefreshToken(
  old: CalendarTokens | undefined,
  identity: Identity | undefined,
): string | undefined {
  if (old === undefined || old.ended !== undefined) return undefined
  const isSameAccount = old.subject !== undefined && old.subject === identity?.subject
  return isSameAccount ? old.refreshToken : undefined
}

/** Other scopes come back under other names (`email` as `…/auth/userinfo.email`). */
const CALENDAR_SCOPE = /^https:\/\/www\.googleapis\.com\/auth\/calendar/

/** Whether it may have come from Google: it has a state, and a code or an error. Anybody may call the address. */
function isCallback({ state = '', code, error }: ConsentAnswer): boolean {
  const isText = (text: string, most: number): boolean => text !== '' && text.length <= most
  if ((code === undefined) === (error === undefined)) return false
  return isText(state, 500) && isText(code ?? error ?? '', 2_048)
}

/** The key of a consent in the store, which never holds the state itself. */
function keyOf(state: string): string {
  return digest(state).toString('base64url')
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function refused(call: Operation, error: string | undefined): CalendarError {
  if (error === 'access_denied')
    return failure(call, 'consent_refused', 'the person did not allow it')
  const word = /^[a-z_]{1,40}$/.test(error ?? '') ? error : 'an error'
  return failure(call, 'invalid_request', `Google answered the request for consent with ${word}`)
}

function failure(call: Operation, code: CalendarErrorCode, message: string): CalendarError {
  const { operation, reference } = call
  const init = { operation, reference, code, outcome: 'none' } as const
  return new CalendarError(`calendar.${operation} failed: ${message}`, init)
}

function expectScopes(scopes: readonly string[]): void {
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > 100) {
    throw new TypeError('Expected scopes to be a list of 1 to 100')
  }
  // RFC 6749, 3.3.
  if (!scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(String(scope)))) {
    throw new TypeError('Expected each of scopes to be a scope of OAuth')
  }
}
