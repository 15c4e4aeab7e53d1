import { jobStats } from '@yuzuru/jobs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, migrateApp, openApp } from '../app.ts'
import { registerOffice } from '../offices/offices.ts'
import { addStaff, type Staff } from '../offices/staff.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { approvePlan } from './approve-plan.ts'
import { createPlan } from './plans.ts'

const open = new AsyncDisposableStack()
let app: App

beforeAll(async () => {
  const world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor('http://127.0.0.1:1'), 5))
  await migrateApp(app.db)
})

afterAll(() => open.disposeAsync())

async function officeOf(name: string, size: number): Promise<Staff> {
  const email = `${name}@example.jp`
  const registration = { officeName: name, staffName: '佐藤', email }
  const manager = await registerOffice(app, registration, 'ja')
  const people = Array.from({ length: size - 1 }, (_, index) => ({
    name: `職員 ${index}`,
    email: `${index}.${email}`,
  }))
  if (people.length > 0) await addStaff(app, manager.office_id, people)
  return manager
}

const waiting = async (): Promise<number> => (await jobStats(app.db)).waiting

test('an approval reminds all staff of its office, however many, and nobody else, once', async () => {
  const manager = await officeOf('big', 2_001)
  await officeOf('other', 3)
  const plan = await createPlan(app.db, manager.office_id, { title: '個別支援計画' })
  const before = await waiting()
  const approved = await approvePlan(app, manager, plan)
  const { approved_at: at } = approved
  expect(approved).toEqual({
    ...plan,
    status: 'approved',
    approved_by: manager.id,
    approved_at: at,
  })
  expect(at).toBeInstanceOf(Date)
  expect(plan.status).toBe('draft')
  // One more counts the approval at Stripe.
  expect((await waiting()) - before).toBe(2_001 + 1)
  await expect(approvePlan(app, manager, plan)).rejects.toThrow()
  expect((await waiting()) - before).toBe(2_001 + 1)
})
