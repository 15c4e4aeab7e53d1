import { auth, calendar, type calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import { startGoogle, type GoogleOptions, type GoogleServer } from './server.ts'

const scopes = ['https://www.googleapis.com/auth/calendar']
const email = 'hana@example.com'
const calendarId = 'primary'

interface Session extends AsyncDisposable {
  server: GoogleServer
  client: calendar_v3.Calendar
}

/** A server and the real client, signed in. */
async function open(options: GoogleOptions = {}): Promise<Session> {
  const server = await startGoogle(options)
  const { accessToken } = await server.issueTokens({ email, scopes })
  const client = clientWith(server, accessToken)
  return { server, client, [Symbol.asyncDispose]: () => server.close() }
}

function clientWith(server: GoogleServer, accessToken: string): calendar_v3.Calendar {
  const oauth = new auth.OAuth2()
  oauth.setCredentials({ access_token: accessToken })
  return calendar({ version: 'v3', auth: oauth, rootUrl: server.calendarUrl, retry: false })
}

const meeting = (hour: number): calendar_v3.Schema$Event => ({
  summary: `会議 ${hour}`,
  start: { dateTime: `2026-04-01T${String(hour).padStart(2, '0')}:00:00+09:00` },
  end: { dateTime: `2026-04-01T${String(hour).padStart(2, '0')}:30:00+09:00` },
})

/** What the API refused with: the status, and the reason in its body. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; reason: string }> {
  const error = (await call.then(
    () => ({ status: 200 }),
    (failure: unknown) => failure,
  )) as { status: number; response?: { data: { error: { errors: { reason: string }[] } } } }
  const reason = error.response?.data.error.errors[0]?.reason ?? ''
  return { status: error.status, reason }
}

describe('events', () => {
  test('an event with the id that the client chose is stored once, a second insert is 409', async () => {
    await using session = await open()
    const { client } = session
    const requestBody = { ...meeting(10), id: 'plan0001' }
    const { data } = await client.events.insert({ calendarId, requestBody })
    expect(data).toMatchObject({ id: 'plan0001', status: 'confirmed', summary: '会議 10' })
    const again = await refusal(client.events.insert({ calendarId, requestBody }))
    expect(again).toEqual({ status: 409, reason: 'duplicate' })
    await client.events.delete({ calendarId, eventId: 'plan0001' })
    const afterDelete = await refusal(client.events.insert({ calendarId, requestBody }))
    expect(afterDelete).toEqual({ status: 409, reason: 'duplicate' })
  })

  test.each([
    ['an id outside a-v and 0-9', { id: 'WXYZ!' }, 'invalid'],
    ['no end', { end: null }, 'required'],
    [
      'an end before its start',
      { end: { dateTime: '2026-04-01T09:00:00+09:00' } },
      'timeRangeEmpty',
    ],
    ['a time without offset or zone', { end: { dateTime: '2026-04-01T11:00:00' } }, 'required'],
    [
      'an unknown zone',
      { end: { dateTime: '2026-04-01T11:00:00', timeZone: 'Asia/Nowhere' } },
      'invalid',
    ],
  ])('an insert with %s is 400', async (_name, wrong, reason) => {
    await using session = await open()
    const requestBody = { ...meeting(10), ...wrong } as calendar_v3.Schema$Event
    const refused = await refusal(session.client.events.insert({ calendarId, requestBody }))
    expect(refused).toEqual({ status: 400, reason })
    expect(session.server.events(email)).toEqual([])
  })

  test('a patch merges, unsets with null and raises the etag; an update replaces', async () => {
    await using session = await open()
    const { client } = session
    const requestBody = { ...meeting(10), location: '第一会議室', description: '旧' }
    const { data: first } = await client.events.insert({ calendarId, requestBody })
    const eventId = first.id ?? ''
    const patch = { description: null, extendedProperties: { private: { plan: '1' } } }
    const { data: patched } = await client.events.patch({ calendarId, eventId, requestBody: patch })
    expect(patched).toMatchObject({
      location: '第一会議室',
      sequence: 0,
      extendedProperties: patch.extendedProperties,
    })
    expect(patched).not.toHaveProperty('description')
    expect(patched.etag).not.toBe(first.etag)
    const { data: updated } = await client.events.update({
      calendarId,
      eventId,
      requestBody: meeting(11),
    })
    expect(updated).toMatchObject({
      id: eventId,
      summary: '会議 11',
      sequence: 1,
      created: first.created,
    })
    expect(updated).not.toHaveProperty('location')
  })

  test('If-Match with an old etag is 412 and changes nothing', async () => {
    await using session = await open()
    const { client } = session
    const { data: first } = await client.events.insert({ calendarId, requestBody: meeting(10) })
    const eventId = first.id ?? ''
    await client.events.patch({ calendarId, eventId, requestBody: { summary: '新' } })
    const stale = { headers: { 'If-Match': first.etag ?? '' } }
    const patch = client.events.patch(
      { calendarId, eventId, requestBody: { summary: '古' } },
      stale,
    )
    expect(await refusal(patch)).toEqual({ status: 412, reason: 'conditionNotMet' })
    expect(await refusal(client.events.delete({ calendarId, eventId }, stale))).toMatchObject({
      status: 412,
    })
    const { data: now } = await client.events.get({ calendarId, eventId })
    expect(now.summary).toBe('新')
    const fresh = { headers: { 'If-Match': now.etag ?? '' } }
    const { status } = await client.events.delete({ calendarId, eventId }, fresh)
    expect(status).toBe(204)
  })

  test('a deleted event reads as cancelled, and is 410 to whoever deletes or patches it', async () => {
    await using session = await open()
    const { client } = session
    const { data } = await client.events.insert({ calendarId, requestBody: meeting(10) })
    const eventId = data.id ?? ''
    await client.events.delete({ calendarId, eventId })
    const gone = { status: 410, reason: 'deleted' }
    expect(await refusal(client.events.delete({ calendarId, eventId }))).toEqual(gone)
    expect(await refusal(client.events.patch({ calendarId, eventId, requestBody: {} }))).toEqual(
      gone,
    )
    const { data: read } = await client.events.get({ calendarId, eventId })
    expect(read.status).toBe('cancelled')
  })

  test('attendees and conference data are kept as given', async () => {
    await using session = await open()
    const attendees = [{ email: 'a@example.com', responseStatus: 'needsAction' }]
    const conferenceData = { createRequest: { requestId: 'r1' } }
    const requestBody = { ...meeting(10), attendees, conferenceData }
    const { data } = await session.client.events.insert({
      calendarId,
      requestBody,
      conferenceDataVersion: 1,
    })
    expect(data).toMatchObject({ attendees, conferenceData })
  })
})

describe('lists', () => {
  test('pages hold every event once, and only the last one carries a sync token', async () => {
    await using session = await open()
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

  test('timeMin and timeMax keep what overlaps, ordered by start', async () => {
    await using session = await open()
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
    await using session = await open()
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
    await using session = await open()
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
    await using session = await open()
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
    await using session = await open({ now: () => now, accessTokenLifetimeSeconds: 90 * 86_400 })
    const { client, server } = session
    const fresh = async (): Promise<string> =>
      (await client.events.list({ calendarId })).data.nextSyncToken ?? ''
    const list = (syncToken: string): Promise<unknown> =>
      client.events.list({ calendarId, syncToken })
    const gone = { status: 410, reason: 'fullSyncRequired' }
    const invalidated = await fresh()
    await server.invalidateSyncTokens(email)
    expect(await refusal(list(invalidated))).toEqual(gone)
    const good = await fresh()
    expect(await refusal(list(`1${good}`))).toEqual(gone)
    const other = await server.issueTokens({ email: 'taro@example.com', scopes })
    const foreign = clientWith(server, other.accessToken).events.list({
      calendarId,
      syncToken: good,
    })
    expect(await refusal(foreign)).toEqual(gone)
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
    ['a full-text search', { q: '会議' }, 501],
  ])('%s is refused', async (_name, query, status) => {
    await using session = await open()
    expect(await refusal(session.client.events.list({ calendarId, ...query }))).toMatchObject({
      status,
    })
  })

  test('recurring events are not listed as if they were single ones', async () => {
    await using session = await open()
    const requestBody = { ...meeting(10), recurrence: ['RRULE:FREQ=WEEKLY'] }
    await session.client.events.insert({ calendarId, requestBody })
    expect(
      await refusal(session.client.events.list({ calendarId, singleEvents: true })),
    ).toMatchObject({ status: 501 })
  })
})

describe('access', () => {
  test('a wrong, an expired and a revoked access token are 401 in Google’s shape', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using session = await open({ now: () => now })
    const { client, server } = session
    const denied = { status: 401, reason: 'authError' }
    const wrong = clientWith(server, 'ya29.wrong').events.list({ calendarId })
    expect(await refusal(wrong)).toEqual(denied)
    now += 3_600_000
    expect(await refusal(client.events.list({ calendarId }))).toEqual(denied)
    const { accessToken } = await server.issueTokens({ email, scopes })
    await server.revokeAccess(email)
    expect(await refusal(clientWith(server, accessToken).events.list({ calendarId }))).toEqual(
      denied,
    )
    const raw = await fetch(`${server.url}/calendar/v3/calendars/primary/events`)
    expect(await raw.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } })
  })

  test('a read-only scope reads and does not write', async () => {
    await using session = await open()
    const { server } = session
    const readonly = ['https://www.googleapis.com/auth/calendar.readonly']
    const { accessToken } = await server.issueTokens({ email, scopes: readonly })
    const reader = clientWith(server, accessToken)
    expect((await reader.events.list({ calendarId })).status).toBe(200)
    const insert = reader.events.insert({ calendarId, requestBody: meeting(10) })
    expect(await refusal(insert)).toEqual({ status: 403, reason: 'insufficientPermissions' })
  })

  test('the primary calendar is listed under the account’s address, and no other exists', async () => {
    await using session = await open()
    const { client } = session
    const { data } = await client.calendarList.list()
    expect(data.items).toMatchObject([{ id: email, primary: true, timeZone: 'Asia/Tokyo' }])
    const { data: entry } = await client.calendarList.get({ calendarId: 'primary' })
    expect(entry.id).toBe(email)
    expect((await client.calendars.get({ calendarId: email })).data.id).toBe(email)
    const foreign = client.events.list({ calendarId: 'taro@example.com' })
    expect(await refusal(foreign)).toEqual({ status: 404, reason: 'notFound' })
  })
})
