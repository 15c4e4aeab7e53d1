import { expect, test } from 'vitest'

import { calendarId, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'

test('q finds each word in texts and guests; properties match as given, all of them', async () => {
  await using session = await openCalendar()
  const { client } = session
  const properties = (plan: string): object => ({
    extendedProperties: { private: { plan, office: 'a' }, shared: { kind: 'meeting' } },
  })
  const events = [
    { id: 'first0', description: 'Yearly review', ...properties('1') },
    { id: 'second', location: 'Room 5', ...properties('2') },
    { id: 'third0', attendees: [{ email: 'taro@example.com', displayName: 'Taro Review' }] },
  ]
  for (const event of events) {
    await client.events.insert({ calendarId, requestBody: { ...meeting(10), ...event } })
  }
  const found = async (query: object): Promise<unknown> => {
    const { data } = await client.events.list({ calendarId, ...query })
    expect(data).not.toHaveProperty('nextSyncToken')
    return data.items?.map(({ id }) => id)
  }
  expect(await found({ q: 'review' })).toEqual(['first0', 'third0'])
  expect(await found({ q: 'REVIEW taro@' })).toEqual(['third0'])
  expect(await found({ privateExtendedProperty: ['office=a'] })).toEqual(['first0', 'second'])
  expect(await found({ privateExtendedProperty: ['office=a', 'plan=2'] })).toEqual(['second'])
  expect(await found({ sharedExtendedProperty: ['office=a'] })).toEqual([])
  const wrong = client.events.list({ calendarId, privateExtendedProperty: ['office'] })
  expect(await refusal(wrong)).toMatchObject({ status: 400 })
})

test.each([
  'q=a',
  'privateExtendedProperty=a=b',
  'sharedExtendedProperty=a=b',
  'iCalUID=a',
  'orderBy=updated',
  'timeMin=2026-04-01T00:00:00Z',
  'timeMax=2026-04-01T00:00:00Z',
  'updatedMin=2026-04-01T00:00:00Z',
  'showDeleted=false',
])('a sync token is not taken with %s', async (parameter) => {
  await using session = await openCalendar()
  const { client } = session
  const { data } = await client.events.list({ calendarId })
  const [name = '', ...value] = parameter.split('=')
  const query = { [name]: value.join('=') }
  const list = client.events.list({ calendarId, syncToken: data.nextSyncToken ?? '', ...query })
  expect(await refusal(list)).toMatchObject({ status: 400 })
})

test('updatedMin of more than 20 days ago is 410', async () => {
  const now = Date.UTC(2026, 3, 30)
  await using session = await openCalendar({ now: () => now })
  const { client } = session
  await client.events.insert({ calendarId, requestBody: { ...meeting(10), id: 'first0' } })
  const since = (days: number): Promise<unknown> =>
    client.events
      .list({ calendarId, updatedMin: new Date(now - days * 86_400_000).toISOString() })
      .then(({ data }) => data.items?.length)
  expect(await since(20)).toBe(1)
  expect(await refusal(since(20.1))).toEqual({ status: 410, reason: 'updatedMinTooLongAgo' })
})

test('fields selects by name, path and list; one that there is not is 400', async () => {
  await using session = await openCalendar()
  const { client } = session
  await client.events.insert({ calendarId, requestBody: { ...meeting(10), id: 'first0' } })
  const select = async (fields: string): Promise<unknown> =>
    (await client.events.list({ calendarId, fields })).data
  expect(await select('kind,items(id,start/dateTime)')).toEqual({
    kind: 'calendar#events',
    items: [{ id: 'first0', start: { dateTime: '2026-04-01T10:00:00+09:00' } }],
  })
  expect(await select('items/organizer/*,items/id')).toEqual({
    items: [{ id: 'first0', organizer: { email: 'hana@example.com', self: true } }],
  })
  for (const wrong of ['item', 'items(sumary)', 'items(id', 'items(id))', ',kind', 'kind/']) {
    expect(await refusal(select(wrong))).toEqual({ status: 400, reason: 'invalidParameter' })
  }
  const get = { calendarId, eventId: 'first0', fields: 'summary,status' }
  expect((await client.events.get(get)).data).toEqual({ summary: '会議 10', status: 'confirmed' })
})
