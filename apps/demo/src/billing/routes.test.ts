import { kyselyBillingStore } from '@yuzuru/billing/kysely'
import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSession } from '../../test/sign-in.ts'
import { type App, migrateApp, openApp } from '../app.ts'
import { createPlan } from '../plans/plans.ts'
import { registerOffice } from '../offices/offices.ts'
import type { Staff } from '../offices/staff.ts'
import { type OutsideWorld, startOutsideWorld } from '../outside-world.ts'
import type { Environment } from '../web/environment.ts'
import { Invalid } from '../web/invalid.ts'
import { createWebApp } from '../web/web-app.ts'
import { readPlanChange } from './plan-change.ts'

const ORIGIN = 'http://127.0.0.1:1'

const open = new AsyncDisposableStack()
let world: OutsideWorld
let app: App
let web: Hono<Environment>
let manager: Staff
let cookie = ''

beforeAll(async () => {
  world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor(ORIGIN), 5))
  await migrateApp(app.db)
  web = createWebApp(app, [])
  const registration = { officeName: '里', staffName: '佐藤', email: 'a@example.jp' }
  manager = await registerOffice(app, registration, 'ja')
  cookie = `session=${await openSession(app, manager)}`
})

afterAll(() => open.disposeAsync())

async function checkout(): Promise<{ status: number; text: string }> {
  const headers = { origin: ORIGIN, cookie, accept: 'text/html' }
  const init = { method: 'POST', headers }
  const response = await web.fetch(new Request(`${ORIGIN}/billing/checkout?lang=en`, init))
  return { status: response.status, text: await response.text() }
}

test('an office whose trial is over can read its plans, and schedules no meeting', async () => {
  const registration = { officeName: '終', staffName: '田中', email: 'over@example.jp' }
  const staff = await registerOffice(app, registration, 'ja')
  const { id } = await createPlan(app.db, staff.office_id, { title: '計画' })
  const now = Date.now()
  await kyselyBillingStore(app.db).openAccount(staff.office_id, {
    now: now - 9,
    trialEndsAt: now - 1,
  })
  const own = {
    origin: ORIGIN,
    cookie: `session=${await openSession(app, staff)}`,
    accept: 'text/html',
  }
  const ask = async (method: string, path: string): Promise<number> =>
    (await web.fetch(new Request(`${ORIGIN}${path}`, { method, headers: own }))).status
  expect(await ask('POST', `/plans/${id}/meeting`)).toBe(402)
  for (const path of [`/plans/${id}`, `/plans/${id}/meeting`, '/billing', '/billing/invoices']) {
    expect([path, await ask('GET', path)]).toEqual([path, 200])
  }
})

test('a moment of a preview counts only while it is new, and is never one to come', () => {
  const at = (ago: number): boolean =>
    readPlanChange({ to: 'year', at: new Date(Date.now() - ago).toISOString() }).at !== undefined
  expect([at(1_000), at(16 * 60_000), at(-60_000)]).toEqual([true, false, false])
  expect(readPlanChange({ to: 'month', at: 'yesterday' })).toEqual({ to: 'month', at: undefined })
  expect(() => readPlanChange({ to: 'week' })).toThrow(Invalid)
})

/** The first call of a checkout is one of the native client: the price is looked up. */
test('a Stripe that is not there, or falls silent, is no failure of ours', async () => {
  const { stripeLine } = world
  stripeLine.set({ dropReply: { when: 'POST /v1/prices' } })
  const lost = await checkout()
  expect([lost.status, lost.text]).toEqual([503, expect.stringContaining('may have done its work')])
  stripeLine.clear()
  await stripeLine.close()
  const gone = await checkout()
  expect([gone.status, gone.text]).toEqual([503, expect.stringContaining('Nothing has changed')])
})
