import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Form, formsIn } from '../../test/forms-in.ts'
import { openSession } from '../../test/sign-in.ts'
import { type App, migrateApp, openApp } from '../app.ts'
import { DayRuns } from '../day/day-runs.ts'
import { dayRoutes } from '../day/routes.tsx'
import { inboxRoutes } from '../inbox/routes.tsx'
import { FONTS_PATH } from '../fonts/fonts-path.ts'
import { openOffice, switchOffice } from '../offices/associations.ts'
import { registerOffice } from '../offices/offices.ts'
import { addStaff, type Staff } from '../offices/staff.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { createPlan } from '../plans/plans.ts'
import { fileRequest } from '../requests/requests.ts'
import { allow, type GuardedRoute, guardedRoutes, may } from './access.ts'
import type { Environment } from './environment.ts'
import { createWebApp } from './web-app.ts'

const ORIGIN = 'http://127.0.0.1:1'

const open = new AsyncDisposableStack()
let app: App
let web: Hono<Environment>

beforeAll(async () => {
  const world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor(ORIGIN), 5))
  await migrateApp(app.db)
  const day = dayRoutes(app, new DayRuns([]), async () => [])
  web = createWebApp(app, [inboxRoutes(world.sandbox.smtp.inbox), day])
})

afterAll(() => open.disposeAsync())

/** An office with both roles, a plan and a request, and a manager of another office. */
interface Stage {
  readonly manager: Staff
  readonly employee: Staff
  readonly other: Staff
  readonly planId: string
  readonly requestId: string
}

let stages = 0

async function makeStage(): Promise<Stage> {
  stages += 1
  const people = (name: string) => ({
    officeName: name,
    staffName: name,
    email: `${name}${stages}@example.jp`,
  })
  const manager = await registerOffice(app, people('manager'), 'ja')
  const other = await registerOffice(app, people('other'), 'ja')
  const [employee] = await addStaff(app, manager.office_id, [
    { name: '職員', email: `employee${stages}@example.jp` },
  ])
  const { id: planId } = await createPlan(app.db, manager.office_id, { title: '計画' })
  const { id: requestId } = await fileRequest(app.db, manager, { kind: 'leave', reason: '家族' })
  return { manager, employee: employee!, other, planId, requestId }
}

async function cookieOf(staff: Staff | undefined): Promise<string> {
  if (staff === undefined) return ''
  return `session=${await openSession(app, staff)}`
}

/** What a well-meant request of each route holds. */
function fieldsOf({ path }: GuardedRoute, stage: Stage): Record<string, string> {
  if (path.endsWith('/decision')) return { status: 'approved', notify: stage.manager.id }
  if (path.endsWith('/meeting')) return { startsAt: '2099-01-01T10:00' }
  const key = randomUUID()
  if (path.endsWith('requests')) return { key, kind: 'leave', reason: '家族' }
  return { key, title: '題名' }
}

async function ask(
  route: GuardedRoute,
  stage: Stage,
  staff: Staff | undefined,
  fields = fieldsOf(route, stage),
): Promise<Response> {
  const id = route.path.includes('/requests/') ? stage.requestId : stage.planId
  const headers = { origin: ORIGIN, cookie: await cookieOf(staff), accept: 'text/html' }
  const url = new URL(route.path.replace(':id', id), ORIGIN)
  if (route.method === 'GET') return await web.fetch(new Request(url, { headers }))
  if (route.method === 'PUT') {
    const init = { method: 'PUT', body: '%PDF-1.7', headers: { ...headers, 'x-filename': 'a.pdf' } }
    return await web.fetch(new Request(url, init))
  }
  const { method } = route
  return await web.fetch(new Request(url, { method, headers, body: new URLSearchParams(fields) }))
}

/** The forms of all pages that a manager may open. */
async function formsOf(stage: Stage): Promise<Form[]> {
  const forms: Form[] = []
  for (const route of guardedRoutes(web)) {
    if (route.method !== 'GET' || route.access === 'anyone') continue
    const page = await (await ask(route, stage, stage.manager)).text()
    forms.push(...formsIn(page))
  }
  return forms
}

async function submit(
  action: string,
  staff: Staff,
  fields: Record<string, string>,
): Promise<Response> {
  const headers = { origin: ORIGIN, cookie: await cookieOf(staff), accept: 'text/html' }
  const body = new URLSearchParams(fields)
  return await web.fetch(new Request(new URL(action, ORIGIN), { method: 'POST', headers, body }))
}

/** What is the same for all. */
const CACHED: ReadonlyMap<string, string> = new Map([
  ['/upload.js', 'max-age=3600'],
  ['/day.js', 'max-age=3600'],
  ['/live.js', 'max-age=3600'],
  [FONTS_PATH, 'public, max-age=604800'],
])

/** All that an office owns. */
async function ownedBy({ office_id: officeId }: Staff): Promise<string> {
  const { db } = app
  const of = (table: 'plans' | 'requests') =>
    db.selectFrom(table).selectAll().where('office_id', '=', officeId).execute()
  const plans = await of('plans')
  const notices = await db.selectFrom('notices').selectAll().execute()
  const meetings = await db.selectFrom('meetings').selectAll().execute()
  const { rows: billing } = await sql`
    select * from yuzuru_billing_accounts where reference = ${officeId}`.execute(db)
  const { rows: associations } = await sql`
    select * from office_associations where staff_id in (
      select staff_id from office_associations where office_id = ${officeId})
    order by office_id, staff_id`.execute(db)
  const requests = await of('requests')
  const whole = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
  return JSON.stringify([plans, requests, billing, notices, meetings, associations], whole)
}

/** Whether a person who is not signed in was turned away. */
function askedToSignIn(route: GuardedRoute, response: Response): boolean {
  const isPage = route.method === 'GET' && !route.path.startsWith('/api/')
  // What has a token of its own, as Google's notifications do, is not asked to sign in.
  if (!isPage) return response.status === 401 && response.body !== null
  return response.status === 302 && response.headers.get('location') === '/sign-in'
}

describe('every route of the router', () => {
  test('has a guard, or the app does not come up', () => {
    expect(guardedRoutes(web).length).toBeGreaterThan(30)
    const forgotten = new Hono<Environment>().post('/plans/:id/forgotten', (c) => c.text(''))
    expect(() => createWebApp(app, [forgotten])).toThrow(
      'Expected allow() first at POST /plans/:id/forgotten',
    )
    const late = new Hono<Environment>().get('/late', (c) => c.text(''), allow('office.read'))
    expect(() => createWebApp(app, [late])).toThrow('Expected allow() first at GET /late')
  })

  test('turns away whoever is not signed in, unless it is open to anyone', async () => {
    const stage = await makeStage()
    const before = await ownedBy(stage.manager)
    const wrong: string[] = []
    for (const route of guardedRoutes(web)) {
      const turnedAway = askedToSignIn(route, await ask(route, stage, undefined))
      if (turnedAway === (route.access === 'anyone')) wrong.push(`${route.method} ${route.path}`)
    }
    expect(wrong).toEqual([])
    expect(await ownedBy(stage.manager)).toBe(before)
  })

  test.each(['employee', 'manager'] as const)('lets the role %s do what it may', async (role) => {
    const wrong: string[] = []
    for (const route of guardedRoutes(web)) {
      const stage = await makeStage()
      const staff = stage[role]
      const allowed = route.access === 'anyone' || may(staff, route.access)
      const before = await ownedBy(staff)
      const { status } = await ask(route, stage, staff)
      const refused = status === 403
      const changed = (await ownedBy(staff)) !== before
      if (refused === allowed || (refused && changed)) {
        wrong.push(`${status} ${route.method} ${route.path}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('knows nothing of an office for the manager of another', async () => {
    const wrong: string[] = []
    for (const route of guardedRoutes(web)) {
      if (route.access === 'anyone') continue
      const stage = await makeStage()
      const before = await ownedBy(stage.manager)
      const response = await ask(route, stage, stage.other)
      const found = route.path.includes(':id') && response.status !== 404
      const shown = (await response.text()).includes(stage.planId)
      const changed = (await ownedBy(stage.manager)) !== before
      if (found || shown || changed) wrong.push(`${response.status} ${route.method} ${route.path}`)
    }
    expect(wrong).toEqual([])
  })

  test('looks up each id that a form of a page sends in the caller’s own office', async () => {
    const stage = await makeStage()
    const { manager, other } = stage
    await openOffice(app, manager, { officeName: '二つ目' })
    const plan = await createPlan(app.db, other.office_id, { title: 'よその計画' })
    const request = await fileRequest(app.db, other, { kind: 'leave', reason: 'よその申請' })
    const foreign = [other.id, other.office_id, plan.id, request.id]
    const owned = async () => [await ownedBy(manager), await ownedBy(other)]
    const forms = await formsOf(stage)
    const before = await owned()
    const tried = new Set<string>()
    const wrong: string[] = []
    for (const { action, ids, fields } of forms) {
      for (const [name, id] of ids.flatMap((name) => foreign.map((id) => [name, id] as const))) {
        tried.add(`${action.replace(/[\da-f-]{36}/, ':id')} ${name}`)
        const { status } = await submit(action, manager, { ...fields, [name]: id })
        if (status !== 404 && status !== 422) wrong.push(`${status} ${action} ${name}`)
      }
    }
    expect(wrong).toEqual([])
    expect(await owned()).toEqual(before)
    expect([...tried].toSorted()).toEqual([
      '/home/office officeId',
      '/requests/:id/decision notify',
    ])
    const fields = { status: 'approved', notify: manager.id }
    const decided = await submit(`/requests/${stage.requestId}/decision`, manager, fields)
    expect(decided.status).toBe(302)
  })
})

/** What a form does to no office in particular, or by an id that is looked up in it. */
const OF_NO_OFFICE = /^\/(?:sign-out|home\/offices?|day\/start|tree\/example)$|\/[\da-f-]{36}/

describe('a form that was shown for one office', () => {
  test('is refused in another one, where the person is by now', async () => {
    const stage = await makeStage()
    const { manager } = stage
    const forms = (await formsOf(stage)).filter(({ action }) => !OF_NO_OFFICE.test(action))
    const actions = forms.map(({ action }) => action.split('?')[0] ?? '')
    expect([...new Set(actions)].toSorted((a, b) => a.localeCompare(b))).toEqual([
      '/billing/checkout',
      '/calendar/connect',
      '/plans',
      '/requests',
    ])
    const second = await openOffice(app, manager, { officeName: '二つ目' })
    await switchOffice(app, manager, { officeId: second })
    const owned = await ownedBy(manager)
    const inSecond = async () => await ownedBy({ ...manager, office_id: second })
    const ownedThere = await inSecond()
    for (const { action, fields } of forms) {
      const filled = { ...fields, title: '題名', kind: 'leave', reason: '家族' }
      const { status } = await submit(action, manager, filled)
      expect([action, status]).toEqual([action, 409])
    }
    expect([await ownedBy(manager), await inSecond()]).toEqual([owned, ownedThere])
    await switchOffice(app, manager, { officeId: manager.office_id })
    const { action, fields } = forms.find((form) => form.action.startsWith('/plans?'))!
    expect((await submit(action, manager, { ...fields, title: '題名' })).status).toBe(302)
  })
})

describe('every answer', () => {
  test('is kept by no cache, unless it is the same for all', async () => {
    const stage = await makeStage()
    for (const route of guardedRoutes(web)) {
      const { headers } = await ask(route, stage, stage.manager)
      const expected = CACHED.get(route.path) ?? 'no-store'
      expect([route.path, headers.get('cache-control')]).toEqual([route.path, expected])
      expect(headers.get('content-security-policy')).toContain("base-uri 'none'")
    }
  })

  test('has its headers, also where a dashboard would have had some of its own', async () => {
    for (const path of ['/jobs', '/mails/x', '/inbox']) {
      const { status, headers } = await web.fetch(new Request(`http://evil.example:1${path}`))
      expect([path, status]).toEqual([path, 421])
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })

  test('is for the app’s own host: a name that was bound to it anew gets nothing', async () => {
    for (const host of [
      'evil.example:1',
      '127.0.0.1:2',
      'localhost:1',
      '127.0.0.1.evil.example:1',
    ]) {
      const response = await web.fetch(new Request(`http://${host}/inbox`))
      expect([host, response.status]).toEqual([host, 421])
    }
    expect((await web.fetch(new Request(`${ORIGIN}/inbox`))).status).toBe(200)
  })

  test.each(['//evil.example/x', '/%5Cevil.example', '/%2F%2Fevil.example', '/\\evil.example'])(
    'leads nowhere but to the app by its links: %s',
    async (path) => {
      const headers = { accept: 'text/html' }
      const page = `${ORIGIN}${path}`
      const html = await (await web.fetch(new Request(page, { headers }))).text()
      const links = Array.from(html.matchAll(/(?:href|action|src)="([^"]*)"/g), ([, link]) => link)
      expect(links.length).toBeGreaterThan(3)
      for (const link of links) expect(new URL(link ?? '', page).origin).toBe(ORIGIN)
    },
  )
})
