import { TRANSIENT_STATUSES } from '@yuzuru/concurrency/boundary'
import { type Http, HttpError } from '@yuzuru/http'
import type { CalendarTokens } from '../stores/account-tokens.ts'
import { CalendarError } from '../calendar-error.ts'
import { type Identity, identityOf } from './id-token.ts'
import { calendarFailure, type CallContext, withoutAnswer } from '../wire/translate-error.ts'

/** What is needed to speak with Google's OAuth endpoints. */
export interface OAuthInit {
  readonly http: Http
  readonly tokenUrl: string
  readonly revokeUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** Tokens as they come: a refresh token only with a consent, or when it was replaced. */
export interface FreshTokens extends Pick<CalendarTokens, 'accessToken' | 'refreshAt'> {
  readonly refreshToken: string | undefined
  readonly scopes: readonly string[] | undefined
  /** Whose they are, where Google says it. */
  readonly identity: Identity | undefined
}

/** How long before its end an access token is replaced: at most a minute, at most a tenth of its life. */
const EARLY_MS = 60_000

/** A token answer is a few hundred bytes. */
const MAX_BYTES = 65_536

/** Google's token and revocation endpoints: RFC 6749 and RFC 7009. */
export class OAuth {
  readonly #init: OAuthInit

  constructor(init: OAuthInit) {
    this.#init = init
  }

  /** Redeems the code of a callback. */
  async exchange(call: CallContext, code: string, verifier: string): Promise<FreshTokens> {
    const { redirectUri } = this.#init
    return await this.#tokens(call, {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    })
  }

  async refresh(call: CallContext, refreshToken: string): Promise<FreshTokens> {
    return await this.#tokens(call, { grant_type: 'refresh_token', refresh_token: refreshToken })
  }

  /** Ends the whole grant of a token. It is not an error if it has ended already. */
  async revoke(call: CallContext, token: string): Promise<void> {
    const { http, revokeUrl } = this.#init
    try {
      const body = new URLSearchParams({ token })
      await http.request(revokeUrl, { method: 'POST', body, maxBytes: MAX_BYTES })
    } catch (error) {
      if (oauthCode(error) !== 'invalid_token') throw oauthFailure(call, error)
    }
  }

  async #tokens(call: CallContext, grant: Record<string, string>): Promise<FreshTokens> {
    const { http, tokenUrl, clientId, clientSecret, now } = this.#init
    const sentAt = now()
    const client = { client_id: clientId, client_secret: clientSecret }
    const body = new URLSearchParams({ ...grant, ...client })
    try {
      const init = { method: 'POST', body, maxBytes: MAX_BYTES }
      return freshTokens(call, await http.json(tokenUrl, init), sentAt, clientId)
    } catch (error) {
      throw oauthFailure(call, error)
    }
  }
}

/** Reads RFC 6749, 5.1, strictly. `expires_in` counts from before the request, so never too late. */
function freshTokens(
  call: CallContext,
  answer: unknown,
  sentAt: number,
  clientId: string,
): FreshTokens {
  const fields = (answer ?? {}) as Record<string, unknown>
  const { access_token: accessToken, expires_in: lifetime, token_type: type } = fields
  const { refresh_token: refreshToken, scope, id_token: idToken } = fields
  const wrong =
    !isText(accessToken) ||
    !(typeof lifetime === 'number' && lifetime > 0 && lifetime < 1e9) ||
    !(typeof type === 'string' && type.toLowerCase() === 'bearer') ||
    !(refreshToken === undefined || isText(refreshToken)) ||
    !(scope === undefined || typeof scope === 'string')
  if (wrong) {
    const { operation, reference } = call
    const init = { operation, reference, code: 'unexpected', outcome: 'unknown' } as const
    throw new CalendarError(`calendar.${operation} failed: Google's answer holds no tokens`, init)
  }
  const lifetimeMs = lifetime * 1000
  const refreshAt = sentAt + lifetimeMs - Math.min(EARLY_MS, lifetimeMs / 10)
  const scopes = scope?.split(' ').filter((each) => each !== '')
  const identity = typeof idToken === 'string' ? identityOf(idToken, clientId, sentAt) : undefined
  return { accessToken, refreshToken, refreshAt, scopes, identity }
}

/** A token goes into a header, so it is visible ASCII. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,8192}$/.test(value)
}

/**
 * Words for what may be gone the next time, though their status says that the request was wrong. Google's own libraries
 * ask again for each: https://github.com/googleapis/google-auth-library-python/pull/368
 */
const PASSING: ReadonlySet<string> = new Set([
  'internal_failure',
  'server_error',
  'temporarily_unavailable',
])

/** The error for an answer of an OAuth endpoint. What it says may repeat a secret: only its code is kept. */
function oauthFailure(call: CallContext, error: unknown): unknown {
  const word = oauthCode(error)
  if (!HttpError.isInstance(error)) return calendarFailure(call, error)
  // Without a word of its own a 403 is a page, by which Google turns away too many requests.
  const isRate = word === 'rate_limit_exceeded' || (word === undefined && error.status === 403)
  if (word === undefined && !isRate) return calendarFailure(call, error)
  const { operation, reference } = call
  const { status, outcome } = error
  const init = { operation, reference, status, outcome, reason: word, cause: withoutAnswer(error) }
  if (word === 'invalid_grant') {
    const message = `calendar.${operation} failed: Google no longer takes the consent of this account; send the person to authorizeUrl again`
    return new CalendarError(message, { ...init, code: 'reconnect_required' })
  }
  if (isRate) {
    const message = `calendar.${operation} failed: too many requests to Google's OAuth endpoint: try again later`
    const { retryAfterMs } = error
    return new CalendarError(message, {
      ...init,
      code: 'rate_limited',
      retryable: true,
      retryAfterMs,
    })
  }
  if (word !== undefined && PASSING.has(word)) {
    const message = `calendar.${operation} failed: Google's OAuth endpoint answered ${word}: try again later`
    // It failed on its way, as with a 5xx: nobody knows how far it came.
    const failed = { code: 'unavailable', retryable: true, outcome: 'unknown' } as const
    return new CalendarError(message, { ...init, ...failed })
  }
  const message = `calendar.${operation} failed: Google's OAuth endpoint answered ${word}; check clientId, clientSecret and redirectUri`
  return new CalendarError(message, { ...init, code: 'invalid_request' })
}

/** The `error` of RFC 6749, 5.2. What may be gone the next time, such as 429, is no verdict, whatever it says. */
function oauthCode(error: unknown): string | undefined {
  if (!HttpError.isInstance(error)) return undefined
  const { status = 500 } = error
  if (status >= 500 || TRANSIENT_STATUSES.has(status)) return undefined
  const { error: word } = (error.answer?.json ?? {}) as { error?: unknown }
  return typeof word === 'string' && /^[a-z_]{1,40}$/.test(word) ? word : undefined
}
