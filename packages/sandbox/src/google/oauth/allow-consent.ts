import type { GoogleService } from '../core/service.ts'
import { submitConsent } from './authorize-page.ts'

/** What comes back to the app once the person has allowed. */
export interface Allowed {
  readonly state: string
  readonly code: string
  /** Where the browser is sent: the app's redirect URI, with both in its query. */
  readonly url: string
}

/** What the person does, and on which page. */
export interface Allowing {
  readonly address: string
  readonly email: string
  readonly scopes?: readonly string[] | undefined
}

/** Presses "allow" on the consent page, as a browser would. @throws {TypeError} with what the page says instead */
export async function allowConsent(
  service: GoogleService,
  authUrl: string,
  { address, email, scopes }: Allowing,
): Promise<Allowed> {
  if (typeof address !== 'string' || !address.startsWith(`${authUrl}?`)) {
    throw new TypeError(`Expected an address of ${authUrl}, got another: give authUrl to the app`)
  }
  const form = new URL(address).searchParams
  if (scopes !== undefined) form.set('scope', scopes.join(' '))
  form.set('email', email)
  form.set('decision', 'allow')
  const answer = await submitConsent(service, new Request(authUrl, { method: 'POST', body: form }))
  const location = answer.headers.get('location')
  if (location === null) {
    const [, alert = ''] = (await answer.text()).split('role="alert">')
    const [reason = ''] = alert.split('<')
    throw new TypeError(`Expected what the consent page takes, got "${reason}"`)
  }
  const { searchParams } = new URL(location)
  const [state, code] = ['state', 'code'].map((name) => searchParams.get(name) ?? '')
  return { state: state ?? '', code: code ?? '', url: location }
}
