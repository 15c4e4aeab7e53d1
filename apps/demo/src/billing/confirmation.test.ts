import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSession } from '../../test/sign-in.ts'
import { migrateApp, openApp } from '../app.ts'
import { registerOffice } from '../offices/offices.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { createWebApp } from '../web/web-app.ts'
import { beginCheckout } from './billings.ts'
import { CONFIRM_MS } from './confirmation.ts'

const ORIGIN = 'http://127.0.0.1:1'

async function openBilling() {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await startOutsideWorld(undefined))
  const { sandbox } = world
  const app = stack.use(await openApp(await world.settingsFor(ORIGIN), 5))
  await migrateApp(app.db)
  const registration = { officeName: '里', staffName: '佐藤', email: 'a@example.jp' }
  const manager = await registerOffice(app, registration, 'ja')
  const cookie = `session=${await openSession(app, manager)}`
  const open = stack.move()
  const web = createWebApp(app, [])
  return { sandbox, app, web, manager, cookie, close: () => open.disposeAsync() }
}

let at: Awaited<ReturnType<typeof openBilling>>
beforeAll(async () => {
  at = await openBilling()
})
afterAll(() => at.close())

const look = async (path: string, who = at.cookie): Promise<Response> =>
  await at.web.fetch(new Request(`${ORIGIN}${path}`, { headers: { cookie: who } }))
const waits = async (path: string, who?: string): Promise<boolean> => {
  const response = await look(path, who)
  return response.status === 302 || (await response.text()).includes('data-live')
}

test('only an open checkout of this very office is waited for', async () => {
  await beginCheckout(at.app, at.manager, { language: 'ja' })
  const { id } = at.sandbox.stripe.checkoutSessions().at(-1)!
  const stranger = { officeName: '他', staffName: '他', email: 'stranger@example.jp' }
  const other = `session=${await openSession(at.app, await registerOffice(at.app, stranger, 'ja'))}`
  for (const [path, who, expected] of [
    [`/billing?checkout=${id}`, at.cookie, true],
    [`/billing?checkout=${id}`, other, false],
    ['/billing?checkout=anything', at.cookie, false],
    ['/billing?checkout=cs_none', at.cookie, false],
    [`/billing?checkout=cs_none&since=${Date.now()}`, at.cookie, false],
    [`/billing?since=${Date.now()}`, at.cookie, false],
    ['/billing', at.cookie, false],
  ] as const) {
    expect([path, await waits(path, who)]).toEqual([path, expected])
  }
})

test('it looks again for a bounded time, without a script too; then it says what to do', async () => {
  const { id } = at.sandbox.stripe.checkoutSessions().at(-1)!
  const first = await look(`/billing?checkout=${id}`)
  const page = await (await look(first.headers.get('location') ?? '')).text()
  expect(page).toContain('data-live')
  expect(page).toContain('<noscript><meta http-equiv="refresh" content="3"/></noscript>')
  for (const since of [Date.now() - CONFIRM_MS, Date.now() + 60_000, 0]) {
    const late = await (await look(`/billing?checkout=${id}&since=${since}&lang=en`)).text()
    expect(late).not.toContain('data-live')
    expect(late).not.toContain('http-equiv="refresh"')
    expect(late).toContain('Stripe has not confirmed it yet')
    expect(late).toContain(`<a href="/billing?checkout=${id}">Look again</a>`)
  }
})
