import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type IoOptions, shield } from '@yuzuru/concurrency'
import { expectObject, expectOptions, expectText, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { CalendarError, type CalendarErrorCode } from '../calendar-error.ts'
import type { CalendarStore, PendingConsent } from '../stores/calendar-store.ts'
import { expectReference } from '../reference.ts'
import type { FreshTokens, OAuth } from './oauth.ts'
import type { Operation, Operations } from '../wire/operations.ts'

/** Which account is to be asked for what. */
export interface ConsentRequest {
  /** Your own name for the account: the id of the member of staff, say. 1 to 200 characters. */
  readonly reference: string
  /** What the person is asked to allow. @default ['https://www.googleapis.com/auth/calendar.events'] */
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
  readonly state: string
  readonly code?: string | undefined
  /** In place of a code, when the person refused. */
  readonly error?: string | undefined
}

/** An account that was connected. */
export interface Connection {
  readonly reference: string
  /** What the person allowed. */
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
}

const DEFAULT_SCOPES = ['https://www.googleapis.com/auth/calendar.events']

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
      scope: scopes.join(' '),
      state,
      code_challenge: digest(verifier).toString('base64url'),
      code_challenge_method: 'S256',
      // Without both Google gives no refresh token to an account that has consented before.
      access_type: 'offline',
      prompt: 'consent',
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
    expectText('state', state, 500)
    if (code !== undefined) expectText('code', code, 2_048)
    if ((code === undefined) === (error === undefined)) {
      throw new TypeError('Expected either code or error, as the callback has it')
    }
    const call = { operation: 'exchange', effect: 'write', reference } as const
    return await this.#init.operations.perform(call, options, async (progress) => {
      const pending = await this.#take(call, state)
      if (code === undefined) throw refused(call, error)
      const { oauth, store } = this.#init
      const fresh = await oauth.exchange(call, code, pending.verifier)
      progress.sent = true
      const { refreshToken, scopes = pending.scopes } = fresh
      if (refreshToken === undefined) {
        throw failure(call, 'unexpected', 'Google gave no refresh token; try again')
      }
      await this.#expectAllowed(call, pending, { ...fresh, scopes })
      const tokens = { ...fresh, refreshToken, scopes, connectedAt: this.#init.now() }
      await shield(() => store.put(reference, tokens), { timeoutMs: STORE_MS })
      return { reference, scopes }
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
        if (await store.remove(reference, account.version)) return { revoked: true }
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

  /** A person can leave out some of what was asked for. Then nothing is kept, here or at Google. */
  async #expectAllowed(
    call: Operation,
    { scopes: asked }: PendingConsent,
    { refreshToken, scopes }: FreshTokens & { readonly scopes: readonly string[] },
  ): Promise<void> {
    const missing = asked.filter((scope) => CALENDAR_SCOPE.test(scope) && !scopes.includes(scope))
    if (missing.length === 0) return
    await this.#init.oauth.revoke(call, refreshToken ?? '')
    throw failure(call, 'consent_refused', `the person did not allow ${missing.join(' ')}`)
  }
}

/** Other scopes come back under other names (`email` as `…/auth/userinfo.email`). */
const CALENDAR_SCOPE = /^https:\/\/www\.googleapis\.com\/auth\/calendar/

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
