import { jobStats } from '@yuzuru/jobs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, migrateApp, openApp } from '../app.ts'
import { registerOffice } from '../offices/offices.ts'
import { addStaff } from '../offices/staff.ts'
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

async function officeOf(name: string, size: number): Promise<string> {
  const email = `${name}@example.jp`
  const registration = { officeName: name, staffName: '佐藤', email }
  const { office_id: officeId } = await registerOffice(app, registration, 'ja')
  const people = Array.from({ length: size - 1 }, (_, index) => ({
    name: `職員 ${index}`,
    email: `${index}.${email}`,
  }))
  if (people.length > 0) await addStaff(app, officeId, people)
  return officeId
}

const waiting = async (): Promise<number> => (await jobStats(app.db)).waiting

test('an approval reminds all staff of its office, however many, and nobody else, once', async () => {
  const officeId = await officeOf('big', 2_001)
  await officeOf('other', 3)
  const plan = await createPlan(app.db, officeId, { title: '個別支援計画' })
  const before = await waiting()
  const approved = await approvePlan(app, plan)
  expect(approved).toEqual({ ...plan, status: 'approved' })
  expect(plan.status).toBe('draft')
  expect((await waiting()) - before).toBe(2_001)
  await expect(approvePlan(app, plan)).rejects.toThrow()
  expect((await waiting()) - before).toBe(2_001)
})
