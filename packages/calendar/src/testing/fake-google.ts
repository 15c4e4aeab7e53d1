import { createHash, randomUUID } from 'node:crypto'
import type { calendar_v3 } from '@googleapis/calendar'
import type { ScriptedAnswer, ScriptedRequest } from '@yuzuru/http/testing'
import { FakeEvents } from './fake-events.ts'
import { FakeRefusal } from './fake-refusal.ts'

interface Consent {
  readonly email: string
  readonly scopes: readonly string[]
  readonly challenge: string
}

interface Grant {
  readonly email: string
  readonly scopes: readonly string[]
  refreshToken: string
}

/** The path of the events of a calendar, and of one of them. */
const EVENTS = /^\/calendar\/v3\/calendars\/[^/]+\/events(?:\/(?<id>[^/]+))?$/

/**
 * Google in memory: consents, tokens, and the primary calendar of each account. Each refresh replaces
 * the refresh token, which is stricter than Google is.
 */
export class FakeGoogle {
  readonly #codes = new Map<string, Consent>()
  readonly #accessTokens = new Map<string, Grant>()
  readonly #calendars = new Map<string, FakeEvents>()
  #grants: Grant[] = []

  /** The calendar of an account. */
  events(email: string): FakeEvents {
    const events = this.#calendars.get(email) ?? new FakeEvents(email)
    this.#calendars.set(email, events)
    return events
  }

  /** The person presses "allow": the code that the callback carries. */
  allow(url: URL, email: string, scopes: readonly string[] | undefined): string {
    const asked = url.searchParams
    const method = asked.get('code_challenge_method')
    if (method !== 'S256') throw new TypeError(`Expected the challenge method S256, got ${method}`)
    const code = `code-${randomUUID()}`
    const allowed = scopes ?? asked.get('scope')?.split(' ') ?? []
    const challenge = asked.get('code_challenge') ?? ''
    this.#codes.set(code, { email, scopes: allowed, challenge })
    return code
  }

  expireAccessTokens(): void {
    this.#accessTokens.clear()
  }

  revokeAccess(email: string): void {
    this.#revoke((grant) => grant.email === email)
  }

  answer(request: ScriptedRequest): ScriptedAnswer {
    try {
      return this.#answer(request)
    } catch (error) {
      if (error instanceof FakeRefusal) return error.answer
      throw error
    }
  }

  #answer(request: ScriptedRequest): ScriptedAnswer {
    const { pathname, searchParams } = new URL(request.path, 'http://fake.invalid')
    const body = request.body.toString()
    if (pathname === '/token') return { json: this.#token(new URLSearchParams(body)) }
    if (pathname === '/revoke') return this.#revokeToken(new URLSearchParams(body).get('token'))
    const events = this.events(this.#grantOf(request).email)
    const found = EVENTS.exec(pathname)
    if (found === null) throw FakeRefusal.ofCalendar(404, 'notFound')
    const id = decodeURIComponent(found.groups?.['id'] ?? '')
    const etag = request.headers['if-match']
    const json = (): calendar_v3.Schema$Event => JSON.parse(body) as calendar_v3.Schema$Event
    switch (`${request.method}${id === '' ? '' : ' id'}`) {
      case 'GET':
        return { json: events.list(searchParams) }
      case 'POST':
        return { json: events.insert(json()) }
      case 'GET id':
        return { json: events.get(id) }
      case 'PATCH id':
        return { json: events.patch(id, etag, json()) }
      case 'DELETE id':
        events.delete(id, etag)
        return { status: 204 }
      default:
        throw FakeRefusal.ofCalendar(404, 'notFound')
    }
  }

  #token(form: URLSearchParams): unknown {
    const grant =
      form.get('grant_type') === 'refresh_token'
        ? this.#grants.find(({ refreshToken }) => refreshToken === form.get('refresh_token'))
        : this.#redeem(form)
    if (grant === undefined) throw FakeRefusal.ofOAuth('invalid_grant')
    const accessToken = `access-${randomUUID()}`
    grant.refreshToken = `refresh-${randomUUID()}`
    this.#accessTokens.set(accessToken, grant)
    return {
      access_token: accessToken,
      refresh_token: grant.refreshToken,
      expires_in: 3_599,
      token_type: 'Bearer',
      scope: grant.scopes.join(' '),
    }
  }

  #redeem(form: URLSearchParams): Grant | undefined {
    const code = form.get('code') ?? ''
    const consent = this.#codes.get(code)
    this.#codes.delete(code)
    const verifier = form.get('code_verifier') ?? ''
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    if (consent === undefined || consent.challenge !== challenge) return undefined
    const grant = { email: consent.email, scopes: consent.scopes, refreshToken: '' }
    this.#grants.push(grant)
    return grant
  }

  #revokeToken(token: string | null): ScriptedAnswer {
    const revoked = this.#revoke(
      (grant) => grant.refreshToken === token || this.#accessTokens.get(token ?? '') === grant,
    )
    if (!revoked) throw FakeRefusal.ofOAuth('invalid_token')
    return { json: {} }
  }

  #revoke(which: (grant: Grant) => boolean): boolean {
    const revoked = new Set(this.#grants.filter((grant) => which(grant)))
    this.#grants = this.#grants.filter((grant) => !revoked.has(grant))
    for (const [token, grant] of this.#accessTokens) {
      if (revoked.has(grant)) this.#accessTokens.delete(token)
    }
    return revoked.size > 0
  }

  #grantOf({ headers }: ScriptedRequest): Grant {
    const grant = this.#accessTokens.get(headers['authorization']?.replace('Bearer ', '') ?? '')
    if (grant === undefined) throw FakeRefusal.ofCalendar(401, 'authError')
    return grant
  }
}
