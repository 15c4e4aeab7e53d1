import { gather } from '@yuzuru/concurrency'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { signedIn } from '../../test/sign-in.ts'
import { PersonInGoogle } from '../day/person-in-google.ts'
import type { Visitor } from '../day/visitor.ts'
import type { Staff } from '../offices/staff.ts'
import { createPlan, type Plan } from '../plans/plans.ts'
import { formatMoment } from '../web/language.ts'
import { listMeetings } from './list-meetings.ts'
import { scheduleMeetings } from './schedule-meetings.ts'
import { syncMeetings } from './sync-meetings.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())

let offices = 0

/** An office with a connected calendar and a plan. */
interface Stage extends AsyncDisposable {
  readonly staff: Staff
  readonly plan: Plan
  readonly visitor: Visitor
  readonly person: PersonInGoogle
  readonly email: string
}

async function openStage(): Promise<Stage> {
  offices += 1
  const email = `hana${offices}@example.jp`
  const { staff, visitor } = await signedIn(at, email)
  const person = new PersonInGoogle(at.sandbox, email)
  await person.connect(visitor)
  const plan = await createPlan(at.app.db, staff.office_id, { title: '個別支援計画' })
  return {
    staff,
    plan,
    visitor,
    person,
    email,
    [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose](),
  }
}

const onDay = (day: string, hour = 10): Date =>
  new Date(`${day}T${String(hour).padStart(2, '0')}:00:00+09:00`)

const WEEKS = ['2099-05-04', '2099-05-11', '2099-05-18', '2099-05-25']
const weekly = { startsAt: onDay('2099-05-04'), repeats: 'weekly' } as const

async function startsOf({ staff, plan }: Stage): Promise<Date[]> {
  const meetings = await listMeetings(at.app, staff.office_id, plan.id)
  return meetings.map(({ starts_at }) => starts_at)
}

async function idsOf({ staff, plan }: Stage): Promise<string[]> {
  const meetings = await listMeetings(at.app, staff.office_id, plan.id)
  return meetings.map(({ event_id }) => event_id)
}

describe('the meetings of a plan', () => {
  test('are a series, made once, and another one takes its place', async () => {
    await using stage = await openStage()
    const { staff, plan, email } = stage
    await scheduleMeetings(at.app, staff, plan, weekly)
    await scheduleMeetings(at.app, staff, plan, weekly)
    expect(await startsOf(stage)).toEqual(WEEKS.map((day) => onDay(day)))
    const times = { startsAt: onDay('2099-06-01'), repeats: 'once' } as const
    await scheduleMeetings(at.app, staff, plan, times)
    expect(await startsOf(stage)).toEqual([onDay('2099-06-01')])
    // Back to the first: what was deleted comes back.
    await scheduleMeetings(at.app, staff, plan, weekly)
    expect(await startsOf(stage)).toEqual(WEEKS.map((day) => onDay(day)))
    const living = at.sandbox.google.events(email).filter(({ status }) => status !== 'cancelled')
    expect(living).toHaveLength(1)
  })

  test('follow what a person does in Google: Google sends word, and the page shows it', async () => {
    await using stage = await openStage()
    const { staff, plan, person, visitor } = stage
    await scheduleMeetings(at.app, staff, plan, weekly)
    const [first = '', second = ''] = await idsOf(stage)
    const moved = onDay('2099-05-13', 15)
    await person.move(second, moved)
    const page = async (): Promise<string> => (await visitor.get('/calendar?lang=en')).text
    await expect.poll(page, { timeout: 15_000 }).toContain(formatMoment(moved, 'en'))
    expect(await page()).toContain(`moved in Google (was ${formatMoment(onDay(WEEKS[1]!), 'en')})`)
    // Seen by now: the watch has its channel, and this comes by a notification.
    await person.delete(first)
    await expect
      .poll(() => startsOf(stage), { timeout: 15_000 })
      .toEqual([moved, onDay(WEEKS[2]!), onDay(WEEKS[3]!)])
  })

  test('are what Google has after a sync, also when the cursor is over and the series is gone', async () => {
    await using stage = await openStage()
    const { staff, plan, person, email } = stage
    await scheduleMeetings(at.app, staff, plan, weekly)
    await at.sandbox.google.notified()
    at.sandbox.google.loseNotifications(10)
    const [first = ''] = await idsOf(stage)
    await person.move(first, onDay('2099-05-05'))
    await at.sandbox.google.invalidateSyncTokens(email)
    await syncMeetings(at.app, staff.office_id)
    expect((await startsOf(stage))[0]).toEqual(onDay('2099-05-05'))
    await person.delete(first.split('_')[0]!)
    await at.sandbox.google.invalidateSyncTokens(email)
    await syncMeetings(at.app, staff.office_id)
    expect(await startsOf(stage)).toEqual([])
    at.sandbox.google.loseNotifications(0)
  })

  test('are right however many look at once', async () => {
    await using stage = await openStage()
    const { staff, plan, person } = stage
    await scheduleMeetings(at.app, staff, plan, weekly)
    const [first = ''] = await idsOf(stage)
    const look = (): Promise<unknown> => syncMeetings(at.app, staff.office_id)
    await gather([look, () => person.move(first, onDay('2099-05-06')), look, look, look])
    await look()
    expect((await startsOf(stage))[0]).toEqual(onDay('2099-05-06'))
  })
})

test('two people who put meetings there at once leave one of them, and the other one hears of it', async () => {
  await using stage = await openStage()
  const { staff, plan, email } = stage
  const schedule = (day: string) => () =>
    scheduleMeetings(at.app, staff, plan, { startsAt: onDay(day), repeats: 'once' })
  for (const [one, other] of [
    ['2099-06-01', '2099-06-02'],
    ['2099-06-03', '2099-06-04'],
  ] as const) {
    const settled = await gather([schedule(one), schedule(other)], { settle: true })
    const refused = settled.filter(({ status }) => status === 'rejected')
    for (const { reason } of refused as { reason: unknown }[]) {
      expect(reason).toMatchObject({ status: 409 })
    }
    expect(refused.length).toBeLessThan(2)
    const events = at.sandbox.google.events(email)
    const living = events.filter(({ status }) => status !== 'cancelled')
    expect(living).toHaveLength(1)
    const noted = await idsOf(stage)
    expect(noted.map((id) => id.split('_')[0])).toEqual(living.map(({ id }) => id))
  }
})

test('a plan’s own meeting is in nobody’s way: it may be made to repeat', async () => {
  await using stage = await openStage()
  const { plan, visitor } = stage
  const path = `/plans/${plan.id}/meeting`
  const startsAt = '2099-05-04T10:00'
  await visitor.submit(path, { startsAt, repeats: 'once' })
  const { text } = await visitor.get(`${path}?day=2099-05-04&lang=en`)
  expect(text).toMatch(new RegExp(`value="${startsAt}" required=""/>`))
  const { status } = await visitor.submit(path, { startsAt, repeats: 'weekly' })
  expect(status).toBe(200)
  expect(await startsOf(stage)).toEqual(WEEKS.map((day) => onDay(day)))
})

test('a time that is taken is shown as such where one is chosen, and refused', async () => {
  await using stage = await openStage()
  const { staff, plan, person, visitor } = stage
  await person.create(onDay('2099-05-04', 13))
  const path = `/plans/${plan.id}/meeting`
  const { text } = await visitor.get(`${path}?day=2099-05-04&lang=en`)
  expect(text).toMatch(/value="2099-05-04T13:00" required="" disabled=""/)
  expect(text).toMatch(/value="2099-05-04T14:00" required=""\/>/)
  const refused = await visitor.submit(path, { startsAt: '2099-05-04T13:00' })
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('is taken by')])
  expect(await listMeetings(at.app, staff.office_id)).toEqual([])
})

test('a connection that is gone is on the page, with why, and a button that mends it', async () => {
  await using stage = await openStage()
  const { staff, plan, person, visitor, email } = stage
  await scheduleMeetings(at.app, staff, plan, weekly)
  await at.sandbox.google.revokeAccess(email)
  const { status, text } = await visitor.get('/calendar?lang=en')
  expect(status).toBe(200)
  for (const shown of ['The calendar is disconnected', email, 'permission was withdrawn']) {
    expect(text).toContain(shown)
  }
  // What was known last is still there.
  expect(text).toContain(formatMoment(weekly.startsAt, 'en'))
  const refused = await visitor.submit(`/plans/${plan.id}/meeting`, {
    startsAt: '2099-07-01T10:00',
  })
  expect(refused.status).toBe(409)
  const back = await person.connect(visitor)
  expect(back.text).toContain('data-state="connected"')
  await syncMeetings(at.app, staff.office_id)
  expect(await startsOf(stage)).toEqual(WEEKS.map((day) => onDay(day)))
})

test('what is no notification of Google’s is turned away', async () => {
  const answer = await fetch(`${at.url}/webhooks/google`, { method: 'POST' })
  expect(answer.status).toBe(401)
})
