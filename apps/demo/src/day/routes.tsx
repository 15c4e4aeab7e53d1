import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow } from '../web/access.ts'
import { type Environment } from '../web/environment.ts'
import { tooMany } from '../web/invalid.ts'
import { dayEvents } from './day-events.tsx'
import { dayPage } from './day-page.tsx'
import type { DayRuns, LiveDay } from './day-runs.ts'
import { DAY_SCRIPT } from './day-script.ts'

/** How many pages may follow at once. */
const MOST_FOLLOWERS = 50

/** How long one connection is kept, in milliseconds: less than a request may take. The page makes a new one. */
const FOLLOW_MS = 20_000

/** The day: to be started, watched and cancelled. Only a demo has one. */
export function dayRoutes(
  { background }: Pick<App, 'background'>,
  runs: DayRuns,
  live: LiveDay,
): Hono<Environment> {
  const routes = new Hono<Environment>()
  let followers = 0

  routes.get('/day', allow('anyone'), (c) => dayPage(c, runs))

  routes.get('/day.js', allow('anyone'), (c) =>
    c.body(DAY_SCRIPT, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'max-age=3600',
    }),
  )

  routes.get('/day/events', allow('anyone'), (c) => {
    const headers = { 'content-type': 'text/event-stream; charset=utf-8' }
    // Who asks for the head alone follows nothing.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers)
    if (followers >= MOST_FOLLOWERS) {
      const text = {
        ja: '追っている画面が多すぎます。しばらくしてからお試しください',
        en: 'is followed by too many pages: please try again later',
      }
      throw tooMany('events', text)
    }
    followers += 1
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(FOLLOW_MS)])
    signal.addEventListener('abort', () => (followers -= 1), { once: true })
    return c.body(dayEvents(runs, c.get('language'), signal), 200, headers)
  })

  routes.post('/day/start', allow('anyone'), (c) => {
    // A second click, or another person's, watches the one that there is.
    if (runs.state !== 'running') background.start('the day', () => runs.run(live))
    return c.redirect('/day')
  })

  routes.post('/day/cancel', allow('anyone'), (c) => {
    runs.cancel()
    return c.redirect('/day')
  })

  return routes
}
