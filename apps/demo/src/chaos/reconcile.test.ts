import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { migrateApp, openApp } from '../app.ts'
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
  const broken = async (operation: Operation): Promise<string[]> => {
    const findings = await reconcile(app, sandbox, manager, [operation])
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
})
