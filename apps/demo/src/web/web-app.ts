import { cancelScope } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import type { App } from '../app.ts'
import { awaitRoutes } from '../await/routes.ts'
import { billingRoutes } from '../billing/routes.ts'
import { isOfDashboard } from '../dashboards/paths.ts'
import { fontRoutes } from '../fonts/routes.ts'
import { homeRoutes } from '../home/routes.ts'
import { NOTIFICATIONS_PATH } from '../meetings/calendar-watches.ts'
import { meetingRoutes } from '../meetings/routes.ts'
import { tooLarge } from '../plans/pdf-body.ts'
import { MAX_DOCUMENT_FORM_BYTES } from '../plans/read-document.ts'
import { isDocumentForm, planRoutes } from '../plans/routes.ts'
import { requestRoutes } from '../requests/routes.ts'
import { SESSION_COOKIE, signInRoutes } from '../sign-in/routes.tsx'
import { staffOfSession } from '../sign-in/session.ts'
import { treeRoutes } from '../tree/routes.tsx'
import type { Environment } from './environment.ts'
import { answerFailure } from './failure.tsx'
import { Invalid, notFound } from './invalid.ts'
import { languageOf } from './language.ts'
import { leadBack } from './lead-back.ts'
import { liveRoutes } from './live.tsx'
import { onlyFor } from './only-for.ts'
import { RequestBody } from './request-body.ts'

/** The largest form or JSON body, in bytes. Files have a limit of their own. */
const FORM_BYTES = 256 * 1_024

/** The whole web app. `extra` holds what only a demo has: the sandbox's inbox, the day's table. */
export function createWebApp(app: App, extra: readonly Hono<Environment>[]): Hono<Environment> {
  const web = new Hono<Environment>()
  web.onError(async (error, c) => await answerFailure(c, error))
  web.notFound(async (c) => {
    const error = notFound('path', { ja: 'このページはありません', en: 'there is no such page' })
    return await answerFailure(c, error)
  })
  const secure = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      // Documents go straight to the store.
      connectSrc: ["'self'", new URL(app.settings.storage.endpoint).origin],
      styleSrc: ["'self'", "'unsafe-inline'"],
      baseUri: ["'none'"],
      objectSrc: ["'none'"],
      formAction: ["'self'", 'http://127.0.0.1:*'],
      frameAncestors: ["'none'"],
    },
  })
  web.use(async (c, next) => {
    if (!isOfDashboard(c.req.path)) return await secure(c, next)
    await next()
    // A dashboard has stricter ones of its own; what is refused before it has none.
    if (!c.res.headers.has('content-security-policy')) await secure(c, async () => undefined)
    return undefined
  })
  web.use(
    async (c, next) =>
      await cancelScope(async (scope) => {
        c.set('scope', scope)
        await next()
      }),
  )
  web.use(onlyFor(app.settings.publicUrl))
  web.use(async (c, next) => {
    c.set('language', languageOf(c))
    await next()
    // Nearly every answer is personal, or shows who asked.
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  })
  web.use(async (c, next) => {
    c.set('staff', await staffOfSession(app.db, getCookie(c, SESSION_COOKIE)))
    await next()
  })
  const sameOrigin = csrf({ origin: app.settings.publicUrl })
  // Google sends its notifications without a body or an origin; what they carry is a token of their own.
  web.use(async (c, next) =>
    c.req.path === NOTIFICATIONS_PATH ? await next() : await sameOrigin(c, next),
  )
  const formLimit = bodyLimit({
    maxSize: FORM_BYTES,
    onError: () => {
      throw new Invalid(
        [{ field: 'body', text: { ja: '送信内容が大きすぎます', en: 'is too large' } }],
        413,
      )
    },
  })
  web.use(async (c, next) => {
    // What is not said to be too large is measured where it is read, by those who may send it, a few at a time.
    if (isDocumentForm(c.req.path)) {
      if (Number(c.req.header('content-length')) > MAX_DOCUMENT_FORM_BYTES) throw tooLarge()
      return await next()
    }
    if (c.req.method !== 'PUT') return await formLimit(c, next)
    await next()
    const { body } = c.req.raw
    // A request that was refused before its body was read needs its answer, too.
    if (body !== null && !body.locked) await new RequestBody(c.req.raw).drain()
    return undefined
  })
  for (const routes of [
    signInRoutes,
    homeRoutes,
    billingRoutes,
    planRoutes,
    requestRoutes,
    meetingRoutes,
    awaitRoutes,
    treeRoutes,
    fontRoutes,
    liveRoutes,
  ]) {
    web.route('/', routes(app))
  }
  for (const routes of extra) web.route('/', routes)
  // A route without a guard is found before it is served.
  leadBack(web)
  return web
}
