import { describe, expect, test } from 'vitest'

import {
  calendarId,
  clientWith,
  email,
  meeting,
  openCalendar,
  refusal,
  scopes,
} from '../../../test/google/fixture.ts'

describe('lists', () => {
  test('pages hold every event once, and only the last one carries a sync token', async () => {
    await using session = await openCalendar()
    const { client } = session
    for (const hour of [9, 10, 11, 12, 13]) {
      await client.events.insert({ calendarId, requestBody: meeting(hour) })
    }
    const seen: string[] = []
    let pageToken: string | undefined
    let pages = 0
    do {
      const { data } = await client.events.list({
        calendarId,
        maxResults: 2,
        ...(pageToken ? { pageToken } : {}),
      })
      seen.push(...(data.items ?? []).map((event) => event.summary ?? ''))
      pageToken = data.nextPageToken ?? undefined
      expect(Boolean(data.nextSyncToken)).toBe(pageToken === undefined)
      pages += 1
    } while (pageToken !== undefined)
    expect(pages).toBe(3)
    expect(seen).toEqual(['会議 9', '会議 10', '会議 11', '会議 12', '会議 13'])
  })

  test('a page token does not continue another query', async () => {
    await using session = await openCalendar()
    const { client } = session
    for (const hour of [9, 10])
      await client.events.insert({ calendarId, requestBody: meeting(hour) })
    const { data } = await client.events.list({ calendarId, maxResults: 1 })
    const pageToken = data.nextPageToken ?? ''
    const other = client.events.list({ calendarId, pageToken, showDeleted: true })
    expect(await refusal(other)).toMatchObject({ status: 400 })
  })

  test('timeMin and timeMax keep what overlaps, ordered by start', async () => {
    await using session = await openCalendar()
    const { client } = session
    for (const hour of [13, 9, 11]) {
      await client.events.insert({ calendarId, requestBody: meeting(hour) })
    }
    const { data } = await client.events.list({
      calendarId,
      timeMin: '2026-04-01T09:15:00+09:00',
      timeMax: '2026-04-01T13:00:00+09:00',
      singleEvents: true,
      orderBy: 'startTime',
    })
    expect(data.items?.map((event) => event.summary)).toEqual(['会議 9', '会議 11'])
  })

  test('a whole day counts in the calendar’s own zone', async () => {
    await using session = await openCalendar()
    const { client } = session
    const requestBody = {
      summary: '休館日',
      start: { date: '2026-04-02' },
      end: { date: '2026-04-03' },
    }
    await client.events.insert({ calendarId, requestBody })
    const until = async (timeMax: string): Promise<number> =>
      (await client.events.list({ calendarId, timeMax })).data.items?.length ?? 0
    expect(await until('2026-04-01T15:00:00Z')).toBe(0)
    expect(await until('2026-04-01T15:00:01Z')).toBe(1)
  })

  test('a sync token brings what changed since, deleted events as cancelled', async () => {
    await using session = await openCalendar()
    const { client } = session
    for (const id of ['event1', 'event2', 'event3']) {
      await client.events.insert({ calendarId, requestBody: { ...meeting(10), id } })
    }
    const { data: full } = await client.events.list({ calendarId })
    await client.events.patch({ calendarId, eventId: 'event2', requestBody: { summary: '変更' } })
    await client.events.delete({ calendarId, eventId: 'event1' })
    const { data: changes } = await client.events.list({
      calendarId,
      syncToken: full.nextSyncToken ?? '',
    })
    expect(changes.items?.map(({ id, status }) => [id, status])).toEqual([
      ['event2', 'confirmed'],
      ['event1', 'cancelled'],
    ])
    const { data: none } = await client.events.list({
      calendarId,
      syncToken: changes.nextSyncToken ?? '',
    })
    expect(none.items).toEqual([])
  })

  test('a change between two pages is in the next incremental list', async () => {
    await using session = await openCalendar()
    const { client } = session
    for (const id of ['event1', 'event2']) {
      await client.events.insert({ calendarId, requestBody: { ...meeting(10), id } })
    }
    const { data: first } = await client.events.list({ calendarId, maxResults: 1 })
    await client.events.patch({ calendarId, eventId: 'event1', requestBody: { summary: '変更' } })
    const { data: last } = await client.events.list({
      calendarId,
      maxResults: 1,
      pageToken: first.nextPageToken ?? '',
    })
    const { data } = await client.events.list({ calendarId, syncToken: last.nextSyncToken ?? '' })
    expect(data.items?.map(({ summary }) => summary)).toEqual(['変更'])
  })

  test('an invalidated, an old, an altered and a foreign sync token are 410 fullSyncRequired', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using session = await openCalendar({
      now: () => now,
      accessTokenLifetimeSeconds: 90 * 86_400,
    })
    const { client, server } = session
    const fresh = async (): Promise<string> =>
      (await client.events.list({ calendarId })).data.nextSyncToken ?? ''
    const list = (syncToken: string): Promise<unknown> =>
      client.events.list({ calendarId, syncToken })
    const gone = { status: 410, reason: 'fullSyncRequired' }
    const other = await server.issueTokens({ email: 'taro@example.com', scopes })
    const foreign = clientWith(server, other.accessToken).events.list({
      calendarId,
      syncToken: await fresh(),
    })
    expect(await refusal(foreign)).toEqual(gone)
    const invalidated = await fresh()
    await server.invalidateSyncTokens(email)
    expect(await refusal(list(invalidated))).toEqual(gone)
    const good = await fresh()
    expect(await refusal(list(`1${good}`))).toEqual(gone)
    expect(await refusal(list(good))).toEqual({ status: 200, reason: '' })
    now += 29 * 86_400_000
    expect(await refusal(list(good))).toEqual(gone)
  })

  test.each([
    ['a sync token with timeMin', { syncToken: 'x', timeMin: '2026-04-01T00:00:00Z' }, 400],
    ['orderBy=startTime without singleEvents', { orderBy: 'startTime' }, 400],
    ['timeMin without an offset', { timeMin: '2026-04-01T00:00:00' }, 400],
    ['a page token of another query', { pageToken: 'nonsense' }, 400],
    ['maxResults of 0', { maxResults: 0 }, 400],
  ])('%s is refused', async (_name, query, status) => {
    await using session = await openCalendar()
    expect(await refusal(session.client.events.list({ calendarId, ...query }))).toMatchObject({
      status,
    })
  })
})
