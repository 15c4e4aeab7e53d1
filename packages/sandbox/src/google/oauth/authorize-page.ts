import { escapeHtml, htmlPage, languageOf } from '../../html-page.ts'
import { isKnownScope } from './known-scopes.ts'
import { newCode } from './grants.ts'
import type { GoogleService } from '../core/service.ts'
import type { AuthorizationCode } from '../core/state.ts'

const words = {
  ja: {
    title: 'Google カレンダーへのアクセス',
    asks: 'アプリが次の権限を求めています。',
    email: 'Google アカウント',
    allow: '許可する',
    deny: '拒否する',
    bad: 'リクエストが正しくありません',
  },
  en: {
    title: 'Access to Google Calendar',
    asks: 'The app asks for these permissions.',
    email: 'Google account',
    allow: 'Allow',
    deny: 'Deny',
    bad: 'The request is not valid',
  },
}

interface AuthorizationRequest {
  readonly redirectUri: string
  readonly scopes: string[]
  readonly state: string | null
  readonly challenge: AuthorizationCode['challenge']
  readonly offline: boolean
  readonly consent: boolean
  readonly incremental: boolean
  readonly nonce: string | null
  readonly loginHint: string
}

/** `GET /o/oauth2/v2/auth`: asks the person. A wrong client or redirect URI is never redirected to. */
export function showConsent(service: GoogleService, request: Request): Response {
  const parameters = new URL(request.url).searchParams
  const language = languageOf(parameters.get('hl'), request.headers.get('accept-language'))
  const text = words[language]
  const asked = readRequest(service, parameters)
  if (typeof asked === 'string') {
    return htmlPage(language, text.bad, `<p role="alert">${escapeHtml(asked)}</p>`, 400)
  }
  const hidden = [...parameters]
    .filter(([name]) => name !== 'email' && name !== 'decision')
    .map(
      ([name, value]) =>
        `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
    )
  const scopes = asked.scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`)
  return htmlPage(
    language,
    text.title,
    `<p>${text.asks}</p><ul>${scopes.join('')}</ul>
<form method="post" action="/o/oauth2/v2/auth">${hidden.join('')}
<label>${text.email}<input name="email" type="email" value="${escapeHtml(asked.loginHint)}" required></label>
<button name="decision" value="allow">${text.allow}</button>
<button name="decision" value="deny" formnovalidate>${text.deny}</button></form>`,
  )
}

/** `POST /o/oauth2/v2/auth`: sends the person back with a code, or with `access_denied`. */
export async function submitConsent(service: GoogleService, request: Request): Promise<Response> {
  const form = new URLSearchParams(await request.text())
  const language = languageOf(form.get('hl'), request.headers.get('accept-language'))
  const asked = readRequest(service, form)
  const email = form.get('email') ?? ''
  const allowed = form.get('decision') === 'allow'
  const problem =
    typeof asked === 'string'
      ? asked
      : allowed && !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(email)
        ? 'email'
        : undefined
  if (typeof asked === 'string' || problem !== undefined) {
    const { bad } = words[language]
    return htmlPage(language, bad, `<p role="alert">${escapeHtml(problem ?? '')}</p>`, 400)
  }
  const location = new URL(asked.redirectUri)
  if (allowed) {
    const { redirectUri, scopes, challenge, offline, consent, incremental, nonce } = asked
    const code = newCode(service, {
      email,
      redirectUri,
      scopes,
      challenge,
      offline,
      consent,
      incremental,
      nonce,
    })
    location.searchParams.set('code', code)
    location.searchParams.set('scope', scopes.join(' '))
  } else location.searchParams.set('error', 'access_denied')
  if (asked.state !== null) location.searchParams.set('state', asked.state)
  return new Response(null, { status: 302, headers: { location: location.href } })
}

/** The request, or what is wrong with it. */
function readRequest(
  service: GoogleService,
  parameters: URLSearchParams,
): AuthorizationRequest | string {
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (parameters.get('client_id') !== service.clientId) return 'invalid_client: client_id'
  if (!isRegistered(service, redirectUri)) return 'redirect_uri_mismatch: redirect_uri'
  if (parameters.get('response_type') !== 'code') return 'unsupported_response_type: response_type'
  const scopes = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  if (scopes.length === 0) return 'invalid_request: scope'
  const unknown = scopes.find((scope) => !isKnownScope(scope))
  if (unknown !== undefined) return `invalid_scope: ${unknown}`
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method') ?? 'plain'
  if (method !== 'S256' && method !== 'plain') return 'invalid_request: code_challenge_method'
  return {
    redirectUri,
    scopes,
    state: parameters.get('state'),
    challenge: value === null ? null : { method, value },
    offline: parameters.get('access_type') === 'offline',
    consent: (parameters.get('prompt') ?? '').split(' ').includes('consent'),
    incremental: parameters.get('include_granted_scopes') === 'true',
    nonce: parameters.get('nonce'),
    loginHint: parameters.get('login_hint') ?? '',
  }
}

function isRegistered({ redirectUris }: GoogleService, uri: string): boolean {
  if (redirectUris) return redirectUris.includes(uri)
  return URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol) && !uri.includes('#')
}
