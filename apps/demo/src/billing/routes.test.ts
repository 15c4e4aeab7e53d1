import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSession } from '../../test/sign-in.ts'
import { type App, migrateApp, openApp } from '../app.ts'
import { registerOffice } from '../offices/offices.ts'
import type { Staff } from '../offices/staff.ts'
import { type OutsideWorld, startOutsideWorld } from '../outside-world.ts'
import type { Environment } from '../web/environment.ts'
import { createWebApp } from '../web/web-app.ts'

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
