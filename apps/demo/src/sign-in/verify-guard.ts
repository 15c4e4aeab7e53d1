import { timingSafeEqual } from 'node:crypto'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { AppContext } from '../web/environment.ts'
import { createSecretToken, hashToken } from '../web/secret-token.ts'
import { linkIsOver } from './sign-in-link.ts'

const COOKIE = 'verify_guard'
const LIFETIME_SECONDS = 3_600

/**
 * Binds the page with the button to the browser that it is shown in: nobody can have another's browser
 * press it, and so sign it in to an account that it does not mean.
 *
 * @returns what the form sends along
 */
export function armGuard(c: AppContext, secure: boolean): string {
  const { token } = createSecretToken()
  setCookie(c, COOKIE, token, {
    path: '/verify',
    httpOnly: true,
    sameSite: 'Strict',
    maxAge: LIFETIME_SECONDS,
    secure,
  })
  return token
}

/** @throws {Invalid} when the button was not pressed on the page that this browser was shown */
export function expectGuard(c: AppContext, sent: unknown): void {
  const kept = getCookie(c, COOKIE)
  const same =
    typeof sent === 'string' &&
    kept !== undefined &&
    timingSafeEqual(hashToken(sent), hashToken(kept))
  if (!same) throw linkIsOver()
  deleteCookie(c, COOKIE, { path: '/verify' })
}
