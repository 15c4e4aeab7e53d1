import { createHash, randomUUID } from 'node:crypto'
import type { ScriptedRequest } from '@yuzuru/http/testing'
import { FakeRefusal } from './fake-refusal.ts'

interface Consent {
  readonly email: string
  readonly scopes: readonly string[]
  readonly challenge: string
}

/** What an account allowed, as long as it does. */
export interface Grant {
  readonly email: string
  readonly scopes: readonly string[]
  refreshToken: string
}

/**
 * Google's OAuth endpoints in memory. Each refresh replaces the refresh token, which is stricter than Google
 * is.
 */
export class FakeOAuth {
  readonly #codes = new Map<string, Consent>()
  readonly #accessTokens = new Map<string, Grant>()
  readonly #clientId: string
  #grants: Grant[] = []

  constructor(clientId: string) {
    this.#clientId = clientId
  }

  /** The person presses "allow": the code that the callback carries. */
  allow(url: URL, email: string, scopes: readonly string[] | undefined): string {
    const asked = url.searchParams
    const method = asked.get('code_challenge_method')
    if (method !== 'S256') throw new TypeError(`Expected the challenge method S256, got ${method}`)
    const code = `code-${randomUUID()}`
    const wanted = asked.get('scope')?.split(' ') ?? []
    const isIncremental = asked.get('include_granted_scopes') === 'true'
    const before = this.#grants.filter((grant) => isIncremental && grant.email === email)
    // The person can leave out scopes of the calendar; who it is Google says in any case.
    const chosen = scopes === undefined ? wanted : [...scopes, ...wanted.filter(isOfIdentity)]
    const allowed = [...new Set([...chosen, ...before.flatMap((grant) => grant.scopes)])]
    const challenge = asked.get('code_challenge') ?? ''
    this.#codes.set(code, { email, scopes: allowed, challenge })
    return code
  }

  /** The account of an address that has allowed something, whatever its case. */
  accountOf(address: string): string | undefined {
    const wanted = address.toLowerCase()
    return this.#grants.find(({ email }) => email.toLowerCase() === wanted)?.email
  }

  expireAccessTokens(): void {
    this.#accessTokens.clear()
  }

  revokeAccess(email: string): void {
    this.#revoke((grant) => grant.email === email)
  }

  /** `POST /token`. */
  token(form: URLSearchParams): unknown {
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
      ...(grant.scopes.includes('openid') ? { id_token: idTokenOf(grant, this.#clientId) } : {}),
    }
  }

  /** `POST /revoke`. */
  revokeToken(token: string | null): void {
    const revoked = this.#revoke(
      (grant) => grant.refreshToken === token || this.#accessTokens.get(token ?? '') === grant,
    )
    if (!revoked) throw FakeRefusal.ofOAuth('invalid_token')
  }

  /** @throws {FakeRefusal} 401 without an access token that works */
  grantOf({ headers }: ScriptedRequest): Grant {
    const grant = this.#accessTokens.get(headers['authorization']?.replace('Bearer ', '') ?? '')
    if (grant === undefined) throw FakeRefusal.ofCalendar(401, 'authError')
    return grant
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

  #revoke(which: (grant: Grant) => boolean): boolean {
    const revoked = new Set(this.#grants.filter((grant) => which(grant)))
    this.#grants = this.#grants.filter((grant) => !revoked.has(grant))
    for (const [token, grant] of this.#accessTokens) {
      if (revoked.has(grant)) this.#accessTokens.delete(token)
    }
    return revoked.size > 0
  }
}

function isOfIdentity(scope: string): boolean {
  return scope === 'openid' || scope === 'email'
}

/** Nobody checks its signature: it comes from the token endpoint itself. */
function idTokenOf({ email }: Grant, aud: string): string {
  const exp = Math.floor(Date.now() / 1_000) + 3_600
  const claims = { iss: 'https://accounts.google.com', aud, sub: `sub-${email}`, email, exp }
  const [head, payload] = [{ alg: 'RS256' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return `${head}.${payload}.fake`
}
