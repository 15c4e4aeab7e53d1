import { describe, expect, test } from 'vitest'
import { meeting } from './testing/calendar-fixture.ts'
import type { CalendarOptions } from './calendar-options.ts'
import { createCalendar } from './create-calendar.ts'
import { newEventId } from './events/event-id.ts'
import { createFakeCalendar } from './testing/fake-calendar.ts'
import { memoryCalendarStore } from './stores/memory-store.ts'
import { plainCipher } from './testing/plain-cipher.ts'

const { start, end } = meeting(1)

describe('an invalid event is refused before anything is sent:', () => {
  test.each<[string, object]>([
    ['no summary', { start, end }],
    ['no end', { summary: '題', start }],
    ['an end before its start', { summary: '題', start: end, end: start }],
    ['a moment and a day', { summary: '題', start, end: '2026-04-02' }],
    ['a day that ends as it begins', { summary: '題', start: '2026-04-01', end: '2026-04-01' }],
    ['a day that does not exist', { summary: '題', start: '2026-02-30', end: '2026-03-02' }],
    ['an invalid Date', { summary: '題', start: new Date(Number.NaN), end }],
    [
      'a time zone for whole days',
      { summary: '題', start: '2026-04-01', end: '2026-04-02', timeZone: 'Asia/Tokyo' },
    ],
    ['an offset as a time zone', { summary: '題', start, end, timeZone: '+09:00' }],
    ['a series without a zone', { summary: '題', start, end, recurrence: ['RRULE:FREQ=DAILY'] }],
    ['no line of RFC 5545', { summary: '題', start, end, recurrence: ['FREQ=DAILY'] }],
    ['two lines in one', { summary: '題', start, end, recurrence: ['RDATE:20260401\nX:1'] }],
    ['no line at all', { summary: '題', start, end, recurrence: [] }],
    [
      'what has a name of its own in native',
      { summary: '題', start, end, native: { attendees: [] } },
    ],
    ['recreate without a key', { summary: '題', start, end, id: 'event1', ifDeleted: 'recreate' }],
    ['what Google sets alone', { summary: '題', start, end, native: { hangoutLink: 'x' } }],
    [
      'a Meet in two ways',
      { summary: '題', start, end, meet: true, native: { conferenceData: {} } },
    ],
    ['an unknown time zone', { summary: '題', start, end, timeZone: 'Asia/Nowhere' }],
    ['an id outside a-v and 0-9', { summary: '題', start, end, id: 'WXYZ!' }],
    ['both an id and a key', { summary: '題', start, end, id: 'plan0001', idempotencyKey: 'k' }],
    ['an attendee without address', { summary: '題', start, end, attendees: ['hana'] }],
    ['six reminders', { summary: '題', start, end, reminders: Array.from({ length: 6 }) }],
    [
      'a reminder five weeks ahead',
      { summary: '題', start, end, reminders: [{ method: 'popup', minutes: 50_400 }] },
    ],
    ['an empty calendar id', { summary: '題', start, end, calendarId: '' }],
    ['a wrong notify', { summary: '題', start, end, notify: 'some' }],
  ])('%s', async (_name, event) => {
    await using calendar = createFakeCalendar()
    const call = calendar.events.create('staff-1', event as never)
    await expect(call).rejects.toThrow(TypeError)
    // Nobody is connected: anything that had gone further would have said so.
    await expect(call).rejects.toThrow(/^Expected /)
  })
})

describe('a change that would change nothing is refused before anything is sent:', () => {
  test.each<[string, object]>([
    ['no field at all', {}],
    ['a time zone by itself', { timeZone: 'Asia/Tokyo' }],
    ['a time zone with another field', { timeZone: 'Asia/Tokyo', summary: '新' }],
    ['nobody added or removed', { attendees: { add: [] } }],
    ['guests that are not given', { attendees: undefined }],
    ['nobody given to be added or removed', { attendees: { add: undefined, remove: undefined } }],
    ['a native field that is not given', { native: { colorId: undefined } }],
    ['no native field', { native: {} }],
    ['a native object without fields', { native: { extendedProperties: {} } }],
    [
      'a native field that is not given, further in',
      { native: { extendedProperties: { private: { plan: undefined } } } },
    ],
    ['fields that are not given', { summary: undefined, location: undefined, meet: undefined }],
    ['who is mailed, by itself', { notify: 'all', etag: '"1"' }],
  ])('%s', async (_name, changes) => {
    await using calendar = createFakeCalendar()
    const call = calendar.events.update('staff-1', { id: 'event1', ...changes })
    await expect(call).rejects.toThrow(/^Expected .*, got/)
    await expect(call).rejects.toThrow(TypeError)
  })
})

test('a native field that is not given is none: what is sent is what was counted', async () => {
  await using calendar = createFakeCalendar()
  await calendar.connectAs('staff-1', 'hana@example.com')
  const native = { colorId: '7', hangoutLink: undefined, conferenceData: undefined }
  const { event } = await calendar.events.create('staff-1', {
    ...meeting(1),
    meet: true,
    native: native as never,
  })
  expect(event.native.colorId).toBe('7')
  expect(event.meetUrl).toBeDefined()
  const cleared = { colorId: null, transparency: undefined } as object
  const { native: after } = await calendar.events.update('staff-1', {
    id: event.id,
    native: cleared,
  })
  expect(after.colorId).toBeUndefined()
})

test.each<[string, object]>([
  ['a number that JSON has not', { sequence: 1n }],
  ['what holds itself', holdsItself()],
])('native that is no JSON is refused: %s', async (_name, native) => {
  await using calendar = createFakeCalendar()
  const call = calendar.events.create('staff-1', { ...meeting(1), native })
  await expect(call).rejects.toThrow(/^Expected native to be JSON, got/)
})

function holdsItself(): object {
  const source: Record<string, unknown> = {}
  source['source'] = source
  return source
}

describe('an invalid call is refused:', () => {
  test('an empty reference', async () => {
    await using calendar = createFakeCalendar()
    await expect(calendar.events.get('', { id: 'event1' })).rejects.toThrow(TypeError)
    expect(() => calendar.client('')).toThrow(TypeError)
  })

  test('an id that would leave the path, and a bare etag', async () => {
    await using calendar = createFakeCalendar()
    await expect(calendar.events.get('a', { id: '..' })).rejects.toThrow(TypeError)
    const bare = calendar.events.delete('a', { id: 'event1', etag: 'x\r\ny' })
    await expect(bare).rejects.toThrow(TypeError)
  })

  test('a list with a wrong page size or range, at the call', async () => {
    await using calendar = createFakeCalendar()
    expect(() => calendar.events.list('a', { pageSize: 0 })).toThrow(TypeError)
    expect(() => calendar.events.list('a', { from: end, to: start })).toThrow(TypeError)
    expect(() => calendar.sync('a', { cursor: '' })).toThrow(TypeError)
  })

  test('a consent with no scope, a short state, and a state that is no text', async () => {
    await using calendar = createFakeCalendar()
    const reference = 'staff-1'
    await expect(calendar.authorizeUrl({ reference, scopes: [] })).rejects.toThrow(TypeError)
    await expect(calendar.authorizeUrl({ reference, state: 'x' })).rejects.toThrow(TypeError)
    const wrong = { reference, state: ['x'] as never, code: 'y' }
    await expect(calendar.exchange(wrong)).rejects.toThrow(TypeError)
  })
})

describe('invalid options are refused:', () => {
  const options: CalendarOptions = {
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: 'https://example.jp/callback',
    store: memoryCalendarStore({ cipher: plainCipher() }),
  }

  test.each<[string, object]>([
    ['no secret', { clientSecret: '' }],
    ['a relative redirect URI', { redirectUri: '/callback' }],
    ['an empty store', { store: {} }],
    ['an endpoint without TLS', { endpoints: { tokenUrl: 'http://example.jp/token' } }],
    ['an empty client', { client: {} }],
  ])('%s', (_name, wrong) => {
    expect(() => createCalendar({ ...options, ...wrong })).toThrow(TypeError)
  })

  test('never with the secret in the message', () => {
    const wrong = { ...options, clientSecret: 'very-secret'.repeat(100) }
    expect(() => createCalendar(wrong)).toThrow(/^Expected clientSecret to be a string of 1 to 500/)
  })
})

describe('an event id', () => {
  test('is the same for the same account, calendar and key, and of Google’s alphabet', () => {
    const id = newEventId('staff-1', 'primary', { idempotencyKey: 'plan-1' })
    expect(id).toBe(newEventId('staff-1', 'primary', { idempotencyKey: 'plan-1' }))
    expect(id).toMatch(/^[a-v0-9]{52}$/)
    const others = [
      newEventId('staff-2', 'primary', { idempotencyKey: 'plan-1' }),
      newEventId('staff-1', 'other', { idempotencyKey: 'plan-1' }),
      newEventId('staff-1', 'primary', { idempotencyKey: 'plan-2' }),
      newEventId('staff-1', 'primary', {}),
      newEventId('staff-1', 'primary', {}),
    ]
    expect(new Set([id, ...others]).size).toBe(6)
  })

  test('does not change from one release to the next', () => {
    const id = newEventId('staff-1', 'primary', { idempotencyKey: 'plan-1' })
    expect(id).toBe('pth2dr795mqpr1tsn64t0avg2fb4dkla06ruhtrf3rbqr1jve8g0')
  })
})
