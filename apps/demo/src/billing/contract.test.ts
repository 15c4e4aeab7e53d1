import { kyselyBillingStore } from '@yuzuru/billing/kysely'
import { gather } from '@yuzuru/concurrency'
import { createWorker } from '@yuzuru/jobs'
import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSession } from '../../test/sign-in.ts'
import { type App, migrateApp, openApp } from '../app.ts'
import { dismissStaff } from '../offices/dismiss-staff.ts'
import { registerOffice } from '../offices/offices.ts'
import { addStaff, type Staff } from '../offices/staff.ts'
import { type OutsideWorld, startOutsideWorld } from '../outside-world.ts'
import { approvePlan } from '../plans/approve-plan.ts'
import { createPlan } from '../plans/plans.ts'
import type { Environment } from '../web/environment.ts'
import { createWebApp } from '../web/web-app.ts'
import { adoptContract } from './adopt-contract.ts'
import { approvalsCounted } from './approval-meter.ts'
import { beginCheckout } from './billings.ts'
import { planPrices } from './plans-sold.ts'
import { seatsFor } from './seats.ts'

const ORIGIN = 'http://127.0.0.1:1'

const open = new AsyncDisposableStack()
let world: OutsideWorld
let app: App
let web: Hono<Environment>

beforeAll(async () => {
  world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor(ORIGIN), 5))
  await migrateApp(app.db)
  web = createWebApp(app, [])
})

afterAll(() => open.disposeAsync())

let offices = 0

/** An office of one person, whose trial is over. */
async function openOffice(): Promise<Staff> {
  offices += 1
  const registration = { officeName: '里', staffName: '佐藤', email: `m${offices}@example.jp` }
  const manager = await registerOffice(app, registration, 'ja')
  const now = Date.now()
  const trial = { now: now - 9, trialEndsAt: now - 1 }
  await kyselyBillingStore(app.db).openAccount(manager.office_id, trial)
  return manager
}

/** Goes through the checkout, as webhooks do not arrive here. */
async function subscribe(manager: Staff): Promise<string> {
  const { stripe } = world.sandbox
  const url = await beginCheckout(app, manager, { language: 'ja' })
  const page = stripe.checkoutSessions().find((session) => session.url === url)
  await stripe.completeCheckout(page?.id ?? '')
  const { subscription } = await app.billing.sync(manager.office_id)
  return subscription?.id ?? ''
}

const people = (count: number) =>
  Array.from({ length: count }, () => {
    offices += 1
    return { name: '職員', email: `s${offices}@example.jp` }
  })

const work = async (): Promise<void> => {
  await createWorker(app.db, { jobs: Object.values(app.jobs) }).runUntilIdle()
}

const quantityOf = (id: string): number | undefined =>
  world.sandbox.stripe.subscriptions().find((each) => each.id === id)?.items.data[0]?.quantity

const statusAt = (id: string): string | undefined =>
  world.sandbox.stripe.subscriptions().find((each) => each.id === id)?.status

test('ten members of staff are a seat, and nobody is one too', () => {
  expect([0, 1, 10, 11, 20, 21, 200].map(seatsFor)).toEqual([1, 1, 1, 2, 2, 3, 20])
})

test('an office pays for the staff that it has: at its checkout, and as people come and go', async () => {
  const manager = await openOffice()
  const first = await addStaff(app, manager.office_id, people(10))
  await work()
  const id = await subscribe(manager)
  expect(quantityOf(id)).toBe(2)
  await addStaff(app, manager.office_id, people(10))
  await work()
  expect(quantityOf(id)).toBe(3)
  for (const staff of first) await dismissStaff(app, manager.office_id, staff.id)
  await work()
  expect(quantityOf(id)).toBe(2)
  const { subscription } = await app.billing.status(manager.office_id)
  expect(subscription?.items[0]?.quantity).toBe(2)
})

test('people who came between the checkout and the payment are paid for', async () => {
  const manager = await openOffice()
  const url = await beginCheckout(app, manager, { language: 'ja' })
  const { stripe } = world.sandbox
  await addStaff(app, manager.office_id, people(10))
  await work()
  await stripe.completeCheckout(stripe.checkoutSessions().find((each) => each.url === url)!.id)
  const { subscription } = await app.billing.sync(manager.office_id)
  await work()
  expect(quantityOf(subscription?.id ?? '')).toBe(2)
})

async function press(path: string, { cookie, lang = 'ja' }: { cookie: string; lang?: string }) {
  const headers = { origin: ORIGIN, cookie, accept: 'text/html' }
  const sent = await web.fetch(new Request(`${ORIGIN}${path}`, { method: 'POST', headers }))
  const location = sent.headers.get('location')
  if (location === null) return { status: sent.status, text: await sent.text() }
  const next = new URL(location, ORIGIN)
  next.searchParams.set('lang', lang)
  const page = await web.fetch(new Request(next, { headers }))
  return { status: sent.status, text: await page.text() }
}

test('a manager cancels on the page, and takes it back; an employee does neither', async () => {
  const manager = await openOffice()
  const [employee] = await addStaff(app, manager.office_id, people(1))
  const id = await subscribe(manager)
  const cookie = `session=${await openSession(app, manager)}`
  const asEmployee = { cookie: `session=${await openSession(app, employee!)}` }
  for (const path of ['/billing/cancel', '/billing/resume']) {
    expect((await press(path, asEmployee)).status).toBe(403)
  }
  const canceled = await press('/billing/cancel', { cookie })
  expect(canceled.status).toBe(303)
  expect(canceled.text).toContain('data-status="canceling"')
  expect(canceled.text).toContain('解約を受け付けました')
  expect(canceled.text).toContain('/billing/resume')
  expect(canceled.text).not.toContain('action="/billing/cancel')
  const { status, canUse } = await app.billing.status(manager.office_id)
  expect([status, canUse(), statusAt(id)]).toEqual(['canceling', true, 'active'])
  const resumed = await press('/billing/resume', { cookie })
  expect(resumed.text).toContain('data-status="active"')
  expect(resumed.text).toContain('解約を取り消しました')
})

test('cancelling without a subscription says that there is none', async () => {
  const manager = await openOffice()
  const cookie = `session=${await openSession(app, manager)}`
  const { status, text } = await press('/billing/cancel', { cookie })
  expect([status, text]).toEqual([409, expect.stringContaining('まだお支払い方法が')])
})

test('a plan that is approved is counted once, and for offices that have subscribed', async () => {
  const [manager, other] = [await openOffice(), await openOffice()]
  await subscribe(manager)
  for (const staff of [manager, other]) {
    const plan = await createPlan(app.db, staff.office_id, { title: '計画' })
    const { approved_at: at } = await approvePlan(app, staff, plan)
    const { jobs } = app
    const counted = { officeId: staff.office_id, planId: plan.id, approvedAt: at!.toISOString() }
    await work()
    await jobs.countApproval.run(counted, {} as never)
  }
  const counted = [manager, other].map(
    (staff) => () => approvalsCounted(app.billing, staff.office_id),
  )
  expect(await gather(counted)).toEqual([1, 0])
  // The second is the repeat; the office that has not subscribed sent none.
  expect(world.sandbox.stripe.requestCount('POST', '/v1/billing/meter_events')).toBe(2)
})

/** A contract as it is made in Stripe's dashboard, paid by invoice. */
async function contractOf(customer: string): Promise<string> {
  const { month: price } = await planPrices(app.billing)
  const { id } = await app.billing.client.subscriptions.create({
    customer,
    items: [{ price }],
    collection_method: 'send_invoice',
    days_until_due: 30,
  })
  return id
}

test('a contract of the dashboard is taken over by one office, with its staff', async () => {
  const [manager, other] = [await openOffice(), await openOffice()]
  await addStaff(app, manager.office_id, people(10))
  const customer = await app.billing.client.customers.create({ email: manager.email })
  const id = await contractOf(customer.id)
  const { subscription, canUse } = await adoptContract(app, manager.office_id, customer.id)
  expect([subscription?.id, canUse('meetings')]).toEqual([id, true])
  await work()
  expect(quantityOf(id)).toBe(2)
  await expect(adoptContract(app, other.office_id, customer.id)).rejects.toMatchObject({
    code: 'conflict',
  })
})

test('of two contracts the first goes on, and one mail says so', async () => {
  const manager = await openOffice()
  const { testHelpers, customers } = app.billing.client
  const frozen = Math.floor(Date.now() / 1_000)
  const { id: clock } = await testHelpers.testClocks.create({ frozen_time: frozen })
  const customer = await customers.create({ email: manager.email, test_clock: clock })
  const first = await contractOf(customer.id)
  await adoptContract(app, manager.office_id, customer.id)
  // Stripe says in whole seconds which of them came first.
  await testHelpers.testClocks.advance(clock, { frozen_time: frozen + 60 })
  const second = await contractOf(customer.id)
  for (const _ of [1, 2]) await app.billing.sync(manager.office_id)
  await work()
  expect([statusAt(first), statusAt(second)]).toEqual(['active', 'canceled'])
  const { messages } = world.sandbox.smtp.inbox
  const told = messages.filter(({ subject }) => subject.includes('重複していたご契約'))
  expect(told.map(({ envelope }) => envelope.to)).toEqual([[manager.email]])
})
