import type { calendar_v3 } from '@googleapis/calendar'
import { type Arbitrary, array, assert, asyncProperty, constantFrom, nat, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'

import { calendarId, email, openCalendar, refusal } from '../../../test/google/fixture.ts'

type Event = calendar_v3.Schema$Event
type Client = calendar_v3.Calendar

const now = (): number => Date.UTC(2026, 2, 1)

const at = (day: string, hour = 10, timeZone = 'Asia/Tokyo'): calendar_v3.Schema$EventDateTime => ({
  dateTime: `${day}T${String(hour).padStart(2, '0')}:00:00`,
  timeZone,
})

/** Each Wednesday of April 2026: the 1st, 8th, 15th, 22nd and 29th. */
const weekly: Event = {
  id: 'regular',
  summary: '定例',
  start: at('2026-04-01'),
  end: at('2026-04-01', 11),
  recurrence: ['RRULE:FREQ=WEEKLY;UNTIL=20260430T000000Z'],
}

const starts = (events: readonly Event[] | undefined): unknown[] =>
  (events ?? []).map(({ start }) => start?.date ?? start?.dateTime?.slice(0, 16))

async function occurrences(client: Client, eventId: string, query: object = {}): Promise<Event[]> {
  const { data } = await client.events.instances({ calendarId, eventId, ...query })
  return data.items ?? []
}

describe('a series', () => {
  test('has occurrences with ids of their own, their series and their original start', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    await client.events.insert({ calendarId, requestBody: weekly })
    const all = await occurrences(client, 'regular')
    expect(all).toHaveLength(5)
    expect(all[1]).toMatchObject({
      id: 'regular_20260408T010000Z',
      recurringEventId: 'regular',
      iCalUID: 'regular@google.com',
      start: { dateTime: '2026-04-08T10:00:00+09:00', timeZone: 'Asia/Tokyo' },
      originalStartTime: { dateTime: '2026-04-08T10:00:00+09:00', timeZone: 'Asia/Tokyo' },
    })
    expect(all[1]).not.toHaveProperty('recurrence')
    const eventId = 'regular_20260408T010000Z'
    expect((await client.events.get({ calendarId, eventId })).data).toEqual(all[1])
    const never = client.events.get({ calendarId, eventId: 'regular_20260409T010000Z' })
    expect(await refusal(never)).toEqual({ status: 404, reason: 'notFound' })
  })

  test('keeps its wall-clock time over daylight saving, and leaves out a time that does not exist', async () => {
    await using session = await openCalendar({ now, timeZone: 'America/New_York' })
    const { client } = session
    const daily = (id: string, hour: number): Event => ({
      id,
      start: at('2026-03-07', hour, 'America/New_York'),
      end: at('2026-03-07', hour + 1, 'America/New_York'),
      recurrence: ['RRULE:FREQ=DAILY;COUNT=3'],
    })
    await client.events.insert({ calendarId, requestBody: daily('morning', 10) })
    const offsets = (await occurrences(client, 'morning')).map(({ start }) => start?.dateTime)
    expect(offsets).toEqual([
      '2026-03-07T10:00:00-05:00',
      '2026-03-08T10:00:00-04:00',
      '2026-03-09T10:00:00-04:00',
    ])
    await client.events.insert({ calendarId, requestBody: daily('night0', 2) })
    const nights = starts(await occurrences(client, 'night0'))
    expect(nights).toEqual(['2026-03-07T02:00', '2026-03-09T02:00', '2026-03-10T02:00'])
  })

  test('reads EXDATE and RDATE, and whole days', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    const requestBody = {
      id: 'entire',
      start: { date: '2026-04-01' },
      end: { date: '2026-04-03' },
      recurrence: [
        'RRULE:FREQ=MONTHLY;COUNT=4',
        'EXDATE;VALUE=DATE:20260501',
        'RDATE;VALUE=DATE:20260510,20260512',
      ],
    }
    await client.events.insert({ calendarId, requestBody })
    const all = await occurrences(client, 'entire')
    expect(starts(all)).toEqual([
      '2026-04-01',
      '2026-05-10',
      '2026-05-12',
      '2026-06-01',
      '2026-07-01',
    ])
    expect(all[1]).toMatchObject({ id: 'entire_20260510', end: { date: '2026-05-12' } })
  })

  test('an occurrence that is moved keeps its id and its original start', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    await client.events.insert({ calendarId, requestBody: weekly })
    const eventId = 'regular_20260408T010000Z'
    const moved = { start: at('2026-04-09'), end: at('2026-04-09', 11) }
    const { data } = await client.events.patch({ calendarId, eventId, requestBody: moved })
    expect(data).toMatchObject({ id: eventId, recurringEventId: 'regular', sequence: 1 })
    expect(data.originalStartTime?.dateTime).toBe('2026-04-08T10:00:00+09:00')
    expect(starts(await occurrences(client, 'regular'))[1]).toBe('2026-04-09T10:00')
    const found = await occurrences(client, 'regular', { originalStart: '2026-04-08T01:00:00Z' })
    expect(found.map(({ id }) => id)).toEqual([eventId])
    const { data: replaced } = await client.events.update({
      calendarId,
      eventId,
      requestBody: { start: at('2026-04-10'), end: at('2026-04-10', 11), summary: '特別' },
    })
    expect(replaced.originalStartTime?.dateTime).toBe('2026-04-08T10:00:00+09:00')
    const recurs = { recurrence: ['RRULE:FREQ=DAILY'] }
    const series = client.events.patch({ calendarId, eventId, requestBody: recurs })
    expect(await refusal(series)).toMatchObject({ status: 400 })
    const { data: master } = await client.events.get({ calendarId, eventId: 'regular' })
    expect(master.summary).toBe('定例')
  })

  test('an occurrence that is deleted says its series and its original start, and no more', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    await client.events.insert({ calendarId, requestBody: weekly })
    const eventId = 'regular_20260408T010000Z'
    await client.events.delete({ calendarId, eventId })
    expect(await refusal(client.events.delete({ calendarId, eventId }))).toMatchObject({
      status: 410,
    })
    expect(await occurrences(client, 'regular')).toHaveLength(4)
    const gone = (await occurrences(client, 'regular', { showDeleted: true })).find(
      ({ status }) => status === 'cancelled',
    )
    expect(Object.keys(gone ?? {}).toSorted()).toEqual([
      'etag',
      'id',
      'kind',
      'originalStartTime',
      'recurringEventId',
      'status',
    ])
    const { data: list } = await client.events.list({ calendarId })
    expect(list.items?.map(({ id }) => id)).toEqual(['regular', eventId])
    const back = { calendarId, eventId, requestBody: { status: 'confirmed' } }
    expect((await client.events.patch(back)).data.summary).toBe('定例')
  })

  test('lists: a series by itself, or its occurrences in order and in range', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    await client.events.insert({ calendarId, requestBody: weekly })
    const single = { id: 'single', start: at('2026-04-10'), end: at('2026-04-10', 11) }
    await client.events.insert({ calendarId, requestBody: single })
    const range = { timeMin: '2026-04-08T11:00:00+09:00', timeMax: '2026-04-22T10:00:00+09:00' }
    const { data: series } = await client.events.list({ calendarId, ...range })
    expect(series.items?.map(({ id }) => id)).toEqual(['regular', 'single'])
    const far = { timeMin: '2026-05-01T00:00:00+09:00' }
    expect((await client.events.list({ calendarId, ...far })).data.items).toEqual([])
    const query = { calendarId, singleEvents: true, orderBy: 'startTime', ...range }
    const { data } = await client.events.list(query)
    expect(starts(data.items)).toEqual(['2026-04-10T10:00', '2026-04-15T10:00'])
    const { data: paged } = await client.events.list({ ...query, maxResults: 1 })
    const next = { ...query, maxResults: 1, pageToken: paged.nextPageToken ?? '' }
    expect(starts((await client.events.list(next)).data.items)).toEqual(['2026-04-15T10:00'])
  })

  test('one without an end is shown two years ahead, or as far as it is asked for', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    const requestBody = { ...weekly, recurrence: ['RRULE:FREQ=YEARLY'] }
    await client.events.insert({ calendarId, requestBody })
    expect(await occurrences(client, 'regular')).toHaveLength(2)
    const far = { timeMin: '2035-01-01T00:00:00Z', timeMax: '2037-01-01T00:00:00Z' }
    expect(starts(await occurrences(client, 'regular', far))).toEqual([
      '2035-04-01T10:00',
      '2036-04-01T10:00',
    ])
  })

  test('a sync of single events reports what a changed rule no longer has', async () => {
    await using session = await openCalendar({ now })
    const { client } = session
    await client.events.insert({ calendarId, requestBody: weekly })
    const query = { calendarId, singleEvents: true }
    const first = await client.events.list(query)
    const syncToken = first.data.nextSyncToken ?? ''
    const recurrence = ['RRULE:FREQ=WEEKLY;COUNT=2']
    await client.events.patch({ calendarId, eventId: 'regular', requestBody: { recurrence } })
    const { data } = await client.events.list({ ...query, syncToken })
    const gone = data.items?.filter(({ status }) => status === 'cancelled')
    expect(gone?.map(({ id }) => id)).toEqual([
      'regular_20260415T010000Z',
      'regular_20260422T010000Z',
      'regular_20260429T010000Z',
    ])
    const other = client.events.list({ calendarId, syncToken })
    expect(await refusal(other)).toMatchObject({ status: 400 })
  })
})

/** A client's copy: what a sync brings is put in place; what was deleted goes, a series with its exceptions. */
class Copy {
  readonly #events = new Map<string, Event>()
  #syncToken: string | undefined

  async sync(client: Client, singleEvents: boolean): Promise<void> {
    let pageToken: string | undefined
    do {
      const { data } = await client.events.list({
        calendarId,
        singleEvents,
        maxResults: 3,
        ...(this.#syncToken === undefined ? {} : { syncToken: this.#syncToken }),
        ...(pageToken === undefined ? {} : { pageToken }),
      })
      for (const event of data.items ?? []) this.#apply(event, singleEvents)
      pageToken = data.nextPageToken ?? undefined
      this.#syncToken = data.nextSyncToken ?? this.#syncToken
    } while (pageToken !== undefined)
  }

  get ids(): string[] {
    return Array.from(this.#events, ([id, { start }]) => `${id} ${start?.dateTime}`).toSorted()
  }

  #apply(event: Event, singleEvents: boolean): void {
    const id = event.id ?? ''
    const isException = event.recurringEventId !== undefined && !singleEvents
    if (event.status !== 'cancelled' || isException) {
      this.#events.set(id, event)
      return
    }
    this.#events.delete(id)
    for (const [each, { recurringEventId }] of this.#events) {
      if (recurringEventId === id) this.#events.delete(each)
    }
  }
}

type Step = readonly [
  what: 'rule' | 'single' | 'move' | 'delete' | 'restore' | 'sync',
  which: number,
]

const step: Arbitrary<Step> = tuple(
  constantFrom('rule', 'single', 'move', 'delete', 'restore', 'sync'),
  nat({ max: 4 }),
)

test.each([false, true])(
  'after any edits a copy that syncs equals the calendar (singleEvents: %s)',
  async (singleEvents) => {
    await using session = await openCalendar({ now })
    const { client } = session
    let run = 0
    await assert(
      asyncProperty(array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
        const eventId = `regular${(run += 1)}`
        await client.events.insert({ calendarId, requestBody: { ...weekly, id: eventId } })
        const targets = [eventId, '08', '15', '22', '29'].map((day, at) =>
          at === 0 ? eventId : `${eventId}_202604${day}T010000Z`,
        )
        const copy = new Copy()
        for (const [what, which] of steps) {
          const target = { calendarId, eventId: targets[which] ?? '' }
          if (what === 'sync') await copy.sync(client, singleEvents)
          else await edit(client, target, what, which).catch(() => undefined)
        }
        await copy.sync(client, singleEvents)
        const fresh = new Copy()
        await fresh.sync(client, singleEvents)
        expect(copy.ids).toEqual(fresh.ids)
        await client.events.delete({ calendarId, eventId }).catch(() => undefined)
      }),
      { numRuns: Number(process.env['YUZURU_RUNS'] ?? 10) },
    )
    expect(session.server.events(email).length).toBeGreaterThan(0)
  },
)

async function edit(
  client: Client,
  target: { calendarId: string; eventId: string },
  what: Step[0],
  which: number,
): Promise<void> {
  if (what === 'delete') return void (await client.events.delete(target))
  const changes: Readonly<Record<string, Event>> = {
    rule: { recurrence: [`RRULE:FREQ=WEEKLY;COUNT=${which + 1}`] },
    single: { recurrence: null },
    move: { start: at('2026-04-09', which), end: at('2026-04-09', which + 1) },
    restore: { status: 'confirmed' },
  }
  await client.events.patch({ ...target, requestBody: changes[what] ?? {} })
}
