import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSession } from '../../test/sign-in.ts'
import { type App, migrateApp, openApp } from '../app.ts'
import { DayRuns } from '../day/day-runs.ts'
import { dayRoutes } from '../day/routes.tsx'
import { faultRoutes } from '../faults/routes.tsx'
import { registerOffice } from '../offices/offices.ts'
import { type OutsideWorld, startOutsideWorld } from '../outside-world.ts'
import { createPlan } from '../plans/plans.ts'
import { guardedRoutes } from './access.ts'
import type { Environment } from './environment.ts'
import { createWebApp } from './web-app.ts'

const ORIGIN = 'http://127.0.0.1:1'

const open = new AsyncDisposableStack()
let world: OutsideWorld
let app: App
let web: Hono<Environment>
let headers: Readonly<Record<string, string>>
let planId = ''

beforeAll(async () => {
  world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor(ORIGIN), 5))
  await migrateApp(app.db)
  const day = dayRoutes(app, new DayRuns([]), async () => [])
  web = createWebApp(app, [day, faultRoutes(app, world.sandbox)])
  const registration = { officeName: '里', staffName: '佐藤', email: 'a@example.jp' }
  const manager = await registerOffice(app, registration, 'ja')
  planId = (await createPlan(app.db, manager.office_id, { title: '計画' })).id
  headers = {
    origin: ORIGIN,
    accept: 'text/html',
    cookie: `session=${await openSession(app, manager)}`,
  }
})

afterAll(() => open.disposeAsync())

const get = async (path: string): Promise<Response> =>
  await web.fetch(new Request(`${ORIGIN}${path}`, { headers }))

const PARENTS: Readonly<Record<string, string>> = {
  '/sign-out': '/',
  '/home/offices': '/home',
  '/home/office': '/home',
  '/billing/checkout': '/billing',
  '/billing/portal': '/billing',
  '/billing/retry': '/billing',
  '/plans/:id/approve': '/plans/:id',
  '/requests/:id/decision': '/requests',
  '/calendar/connect': '/calendar',
  '/calendar/disconnect': '/calendar',
  '/tree/example': '/tree',
  '/day/start': '/day',
  '/day/cancel': '/day',
  '/faults/:name': '/faults',
}

test('the address of each form is a page, or leads to the page that the form is on', async () => {
  const forms = guardedRoutes(web).filter(
    ({ method, path }) => method === 'POST' && !/^\/(?:api|webhooks)\//.test(path),
  )
  const led: Record<string, string> = {}
  for (const { path } of forms) {
    const response = await get(path.replace(':id', planId))
    const location = response.headers.get('location')
    if (location === null || !(path in PARENTS)) continue
    led[path] = location.replace(planId, ':id')
    expect([path, (await get(location)).status]).toEqual([path, 200])
  }
  expect(led).toEqual(PARENTS)
  expect(forms.length).toBeGreaterThan(Object.keys(PARENTS).length)
})

test.each(['%0d%0ax:y', '%2F%2Fevil.example', '%5C%5Cevil.example', '..%2f..%2f', '%ff', '%00'])(
  'it leads nowhere else, whatever stands in the address: %s',
  async (id) => {
    const location = (await get(`/plans/${id}/approve`)).headers.get('location') ?? ''
    expect(new URL(location, ORIGIN)).toMatchObject({ origin: ORIGIN, pathname: `/plans/${id}` })
  },
)

test.each(['?token=a%26b', '?q=%E8%A8%88%E7%94%BB&q=2', '?callers=100&lang=ja', ''])(
  'the page in the other language is asked for the same: %s',
  async (query) => {
    const text = await (await get(`/register${query}`)).text()
    const [, href = ''] = /<a href="([^"]*)" lang="\w\w">/.exec(text) ?? []
    const asked = new URLSearchParams(query)
    const language = /<html lang="ja">/.test(text) ? 'en' : 'ja'
    asked.set('lang', language)
    expect(new URLSearchParams(href.replaceAll('&amp;', '&')).toString()).toBe(asked.toString())
  },
)

test('a refused document is shown with the plan, and so is the plan in the other language', async () => {
  const body = new FormData()
  body.set('document', new File(['<html>'], 'a.html'))
  const path = `${ORIGIN}/plans/${planId}/document`
  const refused = await web.fetch(new Request(path, { method: 'POST', headers, body }))
  expect(refused.status).toBe(415)
  expect(await refused.text()).toContain(`href="/plans/${planId}?lang=en"`)
})
