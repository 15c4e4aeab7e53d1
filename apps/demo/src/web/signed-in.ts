import { createMiddleware } from 'hono/factory'
import type { Staff } from '../offices/offices.ts'
import type { AppContext, Environment } from './environment.ts'

/** Lets only those in who have a session: others are sent to sign in, or told 401 where no page is wanted. */
export const signedIn = createMiddleware<Environment>(async (c, next) => {
  if (c.get('staff') !== undefined) return await next()
  const language = c.get('language')
  if (c.req.method === 'GET' && !c.req.path.startsWith('/api/')) return c.redirect('/sign-in')
  const message = { ja: 'ログインしてください', en: 'Sign in first' }[language]
  return c.json({ error: { code: 'unauthenticated', message } }, 401)
})

/** The person behind a request that passed {@link signedIn}. */
export function staffOf(c: AppContext): Staff {
  const staff = c.get('staff')
  if (staff === undefined) throw new TypeError('Expected a route behind signedIn, got none')
  return staff
}
