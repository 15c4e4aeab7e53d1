import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { kyselyBillingStore } from '@yuzuru/billing/kysely'
import { migrateApp, openApp } from '../app.ts'
import { beginCheckout } from '../billing/billings.ts'
import type { Staff } from '../offices/staff.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { approvePlan } from '../plans/approve-plan.ts'
import { createPlan } from '../plans/plans.ts'
import type { Claim, Operation } from './ledger.ts'
import { openOffice } from './offices.ts'
import { reconcile } from './reconcile.ts'

test('what was promised and is not so is found', async () => {
  await using world = await startOutsideWorld(undefined)
  const { sandbox } = world
  await using app = await openApp(await world.settingsFor('http://127.0.0.1:1'), 2)
  await migrateApp(app.db)
  const manager = await openOffice(app, 'manager')
  const create = (title: string) => createPlan(app.db, manager.id, { title })
  const broken = async (operation: Operation, outside = sandbox): Promise<string[]> => {
    const findings = await reconcile(app, outside, manager, [operation])
    return findings.filter(({ holds }) => !holds).map(({ found }) => found)
  }
  const claiming = (title: string, claims: Operation['claims']): Operation => {
    return { kind: 'approve', title, claims }
  }

  const one = await create('one')
  expect(await broken(claiming('one', { create: 'done' }))).toEqual([])
  for (const claim of ['done', 'not-done'] satisfies Claim[]) {
    const title = claim === 'done' ? 'none' : 'one'
    expect(await broken(claiming(title, { create: claim }))).toEqual([
      `${title} (approve): plan ${claim}`,
    ])
    expect(await broken(claiming(title, { create: 'unknown' }))).toEqual([])
  }
  await create('two')
  await create('two')
  expect(await broken(claiming('two', { create: 'unknown' }))).toEqual(['two (approve): 2 plans'])

  const [staff] = await app.db.selectFrom('staff').select('id').execute()
  await approvePlan(app, { id: staff?.id ?? '' }, one)
  expect(await broken(claiming('one', { create: 'done', approve: 'not-done' }))).toEqual([
    'one (approve): approval not-done, but it is approved\none (approve): 0 mails in place of 1',
  ])

  await app.storage.upload(`plans/${randomUUID()}/a.pdf`, '%PDF-')
  expect(await broken(claiming('two', {}))).toContain('1')
  const subscribed = { ...claiming('-', { subscribe: 'done' }), kind: 'subscribe', office: manager }
  expect(await broken(subscribed as Operation)).toContain('- (subscribe): 0 subscriptions')

  const payer = await openOffice(app, 'payer')
  const now = Date.now()
  const account = { now: now - 2, trialEndsAt: now - 1 }
  await kyselyBillingStore(app.db).openAccount(payer.id, account)
  const payingStaff = { email: payer.email, office_id: payer.id } as Staff
  const { stripe } = sandbox
  const url = await beginCheckout(app, payingStaff, { language: 'ja' })
  await stripe.completeCheckout(stripe.checkoutSessions().find((page) => page.url === url)!.id)
  await app.billing.reconcile()
  const paid = { ...subscribed, office: payer } as Operation
  const ofPayer = async (invoices: () => ReturnType<typeof stripe.invoices>): Promise<string[]> => {
    const counting = Object.create(stripe, { invoices: { value: invoices } }) as typeof stripe
    const found = await broken(paid, { ...sandbox, stripe: counting })
    return found.filter((text) => text.includes('subscribe'))
  }
  expect(await ofPayer(() => stripe.invoices())).toEqual([])
  expect(await ofPayer(() => [])).toEqual(['- (subscribe): 0 charges'])
  const twice = () => [...stripe.invoices(), ...stripe.invoices()]
  expect(await ofPayer(twice)).toEqual(['- (subscribe): 2 charges'])
})
