import assert from 'node:assert/strict'
import { type CalendarFixture, collect, EVENTS_PATH, failure, meeting } from './calendar-fixture.ts'
import type { Calendar } from '../calendar.ts'
import type { SyncPage, SyncQuery } from '../events/sync.ts'

const PAGED = { pageSize: 2 }
const DAY_MS = 86_400_000

async function fill(calendar: Calendar): Promise<string[]> {
  const ids: string[] = []
  for (const day of [1, 2, 3, 4, 5]) {
    ids.push((await calendar.events.create('staff-1', meeting(day))).event.id)
  }
  return ids
}

/** Syncs to the end: what changed, and the token for the next time. */
async function sync(
  calendar: Calendar,
  query: SyncQuery,
): Promise<{ changes: string[]; cursor: string; pages: readonly SyncPage[] }> {
  const pages = await collect(calendar.sync('staff-1', query))
  const changes = pages.flatMap((page) => page.changes.map(({ type, id }) => `${type} ${id}`))
  const cursor = pages.at(-1)?.nextCursor
  assert(cursor !== undefined)
  return { changes, cursor, pages }
}

/** What is read of many events. */
export const LISTS: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  'lists every event once, page by page': async (fixture) => {
    const { calendar } = fixture
    const ids = await fill(calendar)
    const events = await collect(calendar.events.list('staff-1', PAGED))
    assert.deepEqual(
      events.map(({ id }) => id),
      ids,
    )
    assert.equal(fixture.requestCount('GET', EVENTS_PATH), 3)
  },
  'asks for no page that the loop did not come to': async (fixture) => {
    const { calendar } = fixture
    await fill(calendar)
    for await (const event of calendar.events.list('staff-1', PAGED)) {
      assert.equal(event.summary, '支援会議 1')
      break
    }
    assert.equal(fixture.requestCount('GET', EVENTS_PATH), 1)
  },
  'lists what lies between two moments': async ({ calendar }) => {
    await fill(calendar)
    const query = { from: meeting(2).end, to: meeting(4).end, expandRecurring: true }
    const events = await collect(calendar.events.list('staff-1', query))
    assert.deepEqual(
      events.map(({ summary }) => summary),
      ['支援会議 3', '支援会議 4'],
    )
  },
  'lists what was changed since a moment, deleted events too, unless that is too long ago': async ({
    calendar,
  }) => {
    const [gone = '', ...left] = await fill(calendar)
    await calendar.events.delete('staff-1', { id: gone })
    const updatedSince = new Date(Date.now() - 19 * DAY_MS)
    const events = await collect(calendar.events.list('staff-1', { updatedSince }))
    // An account may have had others.
    const ours = events.filter(({ id }) => id === gone || left.includes(id))
    assert.deepEqual(
      ours.map(({ id, status }) => `${status} ${id}`).toSorted(),
      [`cancelled ${gone}`, ...left.map((id) => `confirmed ${id}`)].toSorted(),
    )
    const earlier = { updatedSince: new Date(Date.now() - 40 * DAY_MS) }
    const error = await failure(collect(calendar.events.list('staff-1', earlier)))
    assert.equal(error.code, 'full_sync_required')
    assert.match(error.message, /updatedSince is too long ago/)
  },
  'brings everything at first, then what has changed': async ({ calendar }) => {
    const ids = await fill(calendar)
    const first = await sync(calendar, PAGED)
    assert.deepEqual(
      first.changes,
      ids.map((id) => `changed ${id}`),
    )
    assert.deepEqual(
      first.pages.map(({ nextCursor }) => nextCursor !== undefined),
      [false, false, true],
    )
    const [one = '', two = ''] = ids
    await calendar.events.delete('staff-1', { id: one })
    await calendar.events.update('staff-1', { id: two, summary: '新' })
    const second = await sync(calendar, { cursor: first.cursor })
    assert.deepEqual(second.changes.toSorted(), [`changed ${two}`, `deleted ${one}`].toSorted())
    const third = await sync(calendar, { cursor: second.cursor })
    assert.deepEqual(third.changes, [])
  },
  'says that everything comes anew when the sync token is no longer valid': async (fixture) => {
    const { calendar } = fixture
    const [gone = '', ...left] = await fill(calendar)
    const first = await sync(calendar, PAGED)
    await calendar.events.delete('staff-1', { id: gone })
    await fixture.invalidateSyncTokens('hana@example.com')
    const second = await sync(calendar, { ...PAGED, cursor: first.cursor })
    assert.deepEqual(
      second.pages.map(({ reset }) => reset),
      [true, false, false],
    )
    // What was deleted meanwhile is not reported: that is what the reset is for.
    assert.deepEqual(
      second.changes,
      left.map((id) => `changed ${id}`),
    )
    const third = await sync(calendar, { cursor: second.cursor })
    assert.deepEqual(third.changes, [])
  },
}
