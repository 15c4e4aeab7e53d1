import type { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSession } from '../../test/sign-in.ts'
import { type App, migrateApp, openApp } from '../app.ts'
import { openOffice } from '../offices/associations.ts'
import { registerOffice } from '../offices/offices.ts'
import { addStaff, type Staff } from '../offices/staff.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { createPlan } from '../plans/plans.ts'
import { decideRequest, fileRequest } from '../requests/requests.ts'
import type { Environment } from './environment.ts'
import { createWebApp } from './web-app.ts'

const ORIGIN = 'http://127.0.0.1:1'
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

const open = new AsyncDisposableStack()
let app: App
let web: Hono<Environment>
let manager: Staff
let cookie = ''

beforeAll(async () => {
  const world = open.use(await startOutsideWorld(undefined))
  app = open.use(await openApp(await world.settingsFor(ORIGIN), 5))
  await migrateApp(app.db)
  web = createWebApp(app, [])
  const registration = { officeName: '里', staffName: '佐藤', email: 'a@example.jp' }
  manager = await registerOffice(app, registration, 'ja')
  cookie = `session=${await openSession(app, manager)}`
})

afterAll(() => open.disposeAsync())

async function read(path: string): Promise<unknown> {
  const response = await web.fetch(new Request(`${ORIGIN}/api/v1${path}`, { headers: { cookie } }))
  expect(response.status).toBe(200)
  return await response.json()
}

test('the billing status has the names of the original’s response model', async () => {
  const answer = await read('/billing/status')
  expect(answer).toEqual({
    office_id: manager.office_id,
    billing_status: 'trialing',
    trial_end_date: expect.stringMatching(MOMENT),
    stripe_subscription_id: null,
  })
  expect(await read('/billing/status')).toEqual(answer)
})

test('a person’s offices are associations, of which one is primary, with the staff of that one', async () => {
  const [employee] = await addStaff(app, manager.office_id, [
    { name: '鈴木', email: 'b@example.jp' },
  ])
  const second = await openOffice(app, manager, { officeName: '森' })
  const role = 'manager'
  expect(await read('/offices')).toEqual({
    office_associations: [
      { office_id: manager.office_id, office_name: '里', role, is_primary: true },
      { office_id: second, office_name: '森', role, is_primary: false },
    ],
    staff: [
      { id: manager.id, name: '佐藤', role },
      { id: employee?.id, name: '鈴木', role: 'employee' },
    ],
  })
})

test('plans are read as a list and one by one, without where their documents are kept', async () => {
  const { id } = await createPlan(app.db, manager.office_id, { title: '支援計画' })
  const plan = {
    id,
    title: '支援計画',
    status: 'draft',
    document_name: null,
    document_bytes: null,
    created_at: expect.stringMatching(MOMENT),
  }
  expect(await read('/plans')).toEqual({ plans: [plan] })
  expect(await read(`/plans/${id}`)).toEqual(plan)
})

test('requests and the notices of what was decided are read', async () => {
  const { id } = await fileRequest(app.db, manager, { kind: 'leave', reason: '家族' })
  await decideRequest(app, manager, {
    requestId: id,
    status: 'approved',
    notify: manager.id,
  })
  expect(await read('/requests')).toEqual({
    requests: [
      {
        id,
        kind: 'leave',
        reason: '家族',
        status: 'approved',
        staff_name: '佐藤',
        decided_at: expect.stringMatching(MOMENT),
        created_at: expect.stringMatching(MOMENT),
      },
    ],
  })
  expect(await read('/notices')).toEqual({
    notices: [
      {
        id: expect.any(String),
        body: '申請が承認されました',
        created_at: expect.stringMatching(MOMENT),
      },
    ],
  })
})
