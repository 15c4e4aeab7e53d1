import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type CalendarFixture, collect, connect, failure, meeting } from './calendar-fixture.ts'

const ME = 'hana@example.com'
const EVERYTHING = 'https://www.googleapis.com/auth/calendar'
const INVITED = { ...meeting(1), attendees: [ME, 'taro@example.com'] }

/** What is done about guests, their time, and the calendars of an account. */
export const GUESTS: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  'answers an invitation, and leaves the answers of the others': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', INVITED)
    const { id } = event
    const said = await calendar.events.respond('staff-1', { id, response: 'accepted' })
    const answers = said.attendees.map(({ email, response, self }) => [email, response, self])
    assert.deepEqual(answers, [
      [ME, 'accepted', true],
      ['taro@example.com', 'needsAction', false],
    ])
    const again = await calendar.events.respond('staff-1', { id, response: 'accepted' })
    assert.equal(again.etag, said.etag)
    const late = { id, etag: event.etag, response: 'declined' } as const
    const error = await failure(calendar.events.respond('staff-1', late))
    assert.deepEqual([error.code, error.current?.etag], ['conflict', said.etag])
  },
  'gives a guest a copy, and the organizer the guest’s answer': async (fixture) => {
    const { calendar } = fixture
    const guest = 'taro@example.com'
    await connect(fixture, 'staff-2', guest, [EVERYTHING])
    const { event } = await calendar.events.create('staff-1', INVITED)
    const { id } = event
    const copy = await calendar.events.get('staff-2', { id })
    assert.equal(copy.summary, event.summary)
    const selves = copy.attendees.filter(({ self }) => self).map(({ email }) => email)
    assert.deepEqual(selves, [guest])
    const pages = await collect(calendar.sync('staff-2', {}))
    let cursor = pages.at(-1)?.nextCursor
    const synced = async (): Promise<string[]> => {
      const all = await collect(calendar.sync('staff-2', { cursor }))
      cursor = all.at(-1)?.nextCursor
      return all.flatMap(({ changes }) => changes.map((each) => `${each.type} ${each.id}`))
    }
    const answers = async (): Promise<unknown> => {
      const { attendees } = await calendar.events.get('staff-1', { id })
      return attendees.map(({ email, response }) => [email, response])
    }
    await calendar.events.respond('staff-2', { id, response: 'tentative' })
    assert.deepEqual(await answers(), [
      [ME, 'needsAction'],
      [guest, 'tentative'],
    ])
    await calendar.events.update('staff-1', { id, summary: '新' })
    assert.equal((await calendar.events.get('staff-2', { id })).summary, '新')
    assert.deepEqual(await synced(), [`changed ${id}`])
    await calendar.events.delete('staff-2', { id })
    assert.deepEqual(await answers(), [
      [ME, 'needsAction'],
      [guest, 'declined'],
    ])
    assert.deepEqual(await synced(), [`deleted ${id}`])
    const attendees = { remove: [guest] }
    await calendar.events.update('staff-1', { id, attendees })
    await calendar.events.update('staff-1', { id, attendees: { add: [guest] } })
    assert.deepEqual(await synced(), [`changed ${id}`])
    await calendar.events.delete('staff-1', { id })
    assert.deepEqual(await synced(), [`deleted ${id}`])
  },
  'answers no invitation that there is not': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id } = event
    const answer = calendar.events.respond('staff-1', { id, response: 'accepted' })
    assert.equal((await failure(answer)).code, 'forbidden')
  },
  'answers no invitation to an event that was deleted, nor says so of an answer from before':
    async ({ calendar }) => {
      const { event } = await calendar.events.create('staff-1', INVITED)
      const { id } = event
      await calendar.events.respond('staff-1', { id, response: 'accepted' })
      await calendar.events.delete('staff-1', { id })
      for (const response of ['accepted', 'declined'] as const) {
        const error = await failure(calendar.events.respond('staff-1', { id, response }))
        assert.deepEqual([error.code, error.outcome], ['not_found', 'none'])
      }
    },
  'adds and removes guests, and keeps the answers of the others': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', INVITED)
    const { id } = event
    await calendar.events.respond('staff-1', { id, response: 'tentative' })
    const attendees = {
      add: [{ email: 'jiro@example.com', optional: true }, ME.toUpperCase()],
      remove: ['Taro@example.com', 'nobody@example.com'],
    }
    const changed = await calendar.events.update('staff-1', { id, attendees, location: '会議室' })
    assert.equal(changed.location, '会議室')
    assert.deepEqual(
      changed.attendees.map((each) => [each.email.toLowerCase(), each.response, each.optional]),
      [
        [ME, 'tentative', false],
        ['jiro@example.com', 'needsAction', true],
      ],
    )
    const stale = { id, etag: event.etag, attendees: { remove: [ME] } }
    const error = await failure(calendar.events.update('staff-1', stale))
    assert.deepEqual([error.code, error.outcome], ['conflict', 'none'])
    assert.equal(error.current?.etag, changed.etag)
  },
  'loses no guest of many that are added at once': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id } = event
    const emails = ['a', 'b', 'c'].map((name) => `${name}@example.com`)
    await Promise.all(
      emails.map((email) => {
        return calendar.events.update('staff-1', { id, attendees: { add: [email] } })
      }),
    )
    const { attendees } = await calendar.events.get('staff-1', { id })
    assert.deepEqual(attendees.map(({ email }) => email).toSorted(), emails)
  },
  'gives the event as it stands with a conflict, and shows it nowhere': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id, etag } = event
    const changed = await calendar.events.update('staff-1', { id, etag, summary: '秘密の題' })
    for (const call of [
      calendar.events.update('staff-1', { id, etag, summary: '後' }),
      calendar.events.delete('staff-1', { id, etag }),
    ]) {
      const error = await failure(call)
      assert.deepEqual([error.code, error.outcome, error.status], ['conflict', 'none', 412])
      assert.deepEqual([error.current?.etag, error.current?.summary], [changed.etag, '秘密の題'])
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /秘密の題/)
      assert.doesNotMatch(JSON.stringify(error), /秘密の題/)
    }
  },
  'takes a deletion with an old etag for done when the event is gone': async ({ calendar }) => {
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const { id, etag } = event
    await calendar.events.update('staff-1', { id, summary: '新' })
    await calendar.events.delete('staff-1', { id })
    assert.deepEqual(await calendar.events.delete('staff-1', { id, etag }), { deleted: false })
  },
  'makes one event of a hundred that are created at once with one key': async (fixture) => {
    const { calendar } = fixture
    const keyed = { ...meeting(1), idempotencyKey: 'plan-1' }
    const made = await Promise.all(
      Array.from({ length: 100 }, () => calendar.events.create('staff-1', keyed)),
    )
    assert.equal(made.filter(({ created }) => created).length, 1)
    assert.equal(new Set(made.map(({ event }) => event.id)).size, 1)
    assert.equal((await fixture.eventsOf(ME)).length, 1)
  },
  'makes a Meet, once for a key, and takes it off': async ({ calendar }) => {
    const keyed = { ...meeting(1), idempotencyKey: 'plan-1', meet: true }
    const { event } = await calendar.events.create('staff-1', keyed)
    assert.match(event.meetUrl ?? '', /^https:\/\/meet\.google\.com\//)
    const again = await calendar.events.create('staff-1', keyed)
    assert.deepEqual([again.created, again.event.meetUrl], [false, event.meetUrl])
    const { id } = event
    const renamed = await calendar.events.update('staff-1', { id, summary: '新' })
    assert.equal(renamed.meetUrl, event.meetUrl)
    const without = await calendar.events.update('staff-1', { id, meet: false })
    assert.equal(without.meetUrl, undefined)
    const with_ = await calendar.events.update('staff-1', { id, meet: true })
    assert.match(with_.meetUrl ?? '', /^https:\/\/meet\.google\.com\//)
  },
  'makes a calendar of its own, and moves an event there': async ({ calendar }) => {
    const { id: to } = await calendar.calendars.create('staff-1', { summary: '会議' })
    const listed = await collect(calendar.calendars.list('staff-1'))
    assert.deepEqual(
      listed.map(({ id, summary, primary, role }) => [id, summary, primary, role]),
      [
        [ME, ME, true, 'owner'],
        [to, '会議', false, 'owner'],
      ],
    )
    const { event } = await calendar.events.create('staff-1', meeting(1))
    const stale = { id: event.id, etag: '"stale"', to }
    assert.equal((await failure(calendar.events.move('staff-1', stale))).code, 'conflict')
    const moved = await calendar.events.move('staff-1', { ...event, to })
    assert.deepEqual([moved.id, moved.summary], [event.id, event.summary])
    const place = { id: event.id, calendarId: to }
    assert.equal((await calendar.events.get('staff-1', place)).status, 'confirmed')
    assert.equal((await calendar.events.get('staff-1', { id: event.id })).status, 'cancelled')
  },
  'says when people are busy, and takes nobody for free of whom Google says nothing': async ({
    calendar,
  }) => {
    await calendar.events.create('staff-1', meeting(1))
    await calendar.events.create('staff-1', {
      ...meeting(1),
      native: { transparency: 'transparent' },
    })
    const { start, end } = meeting(1)
    await calendar.events.create('staff-1', { summary: '続き', start: end, end: meeting(2).start })
    const calendarIds = ['primary', 'stranger@example.com']
    const query = { from: start, to: meeting(3).start, calendarIds }
    assert.deepEqual(await calendar.freeBusy('staff-1', query), [
      { calendarId: 'primary', busy: [{ start, end: meeting(2).start }], reason: undefined },
      { calendarId: 'stranger@example.com', busy: undefined, reason: 'notFound' },
    ])
    const [later] = await calendar.freeBusy('staff-1', {
      from: meeting(4).start,
      to: meeting(5).end,
    })
    assert.deepEqual(later, { calendarId: 'primary', busy: [], reason: undefined })
  },
}
