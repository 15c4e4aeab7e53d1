import type { ScriptedAnswer } from '@yuzuru/http/testing'
import { describe, expect, test } from 'vitest'
import type { Calendar } from '../calendar.ts'
import { collect, failure, meeting } from '../testing/calendar-fixture.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'

const reference = 'staff-1'

/** What stands between answers with 200 too: a proxy, a page for signing in, a gateway that leaves out what it cut. */
const ANSWERS: [what: string, answer: ScriptedAnswer][] = [
  ['nothing', { json: null }],
  ['no fields', { json: {} }],
  ['a list', { json: [] }],
  ['a text', { json: 'ok' }],
  ['a page', { status: 200, body: '<html>Sign in</html>' }],
]

type Verb = (calendar: Calendar, id: string) => Promise<unknown>

const VERBS: [verb: string, line: string, outcome: 'none' | 'unknown', call: Verb][] = [
  ['events.create', 'POST', 'unknown', (it) => it.events.create(reference, meeting(2))],
  ['events.get', 'GET', 'none', (it, id) => it.events.get(reference, { id })],
  [
    'events.update',
    'PATCH',
    'unknown',
    (it, id) => it.events.update(reference, { id, summary: '新' }),
  ],
  ['events.list', 'GET', 'none', (it) => collect(it.events.list(reference))],
  ['sync', 'GET', 'none', (it) => collect(it.sync(reference))],
  ['calendars.list', 'GET', 'none', (it) => collect(it.calendars.list(reference))],
  [
    'calendars.create',
    'POST',
    'unknown',
    (it) => it.calendars.create(reference, { summary: '会議' }),
  ],
]

describe.each(ANSWERS)('an answer with 200 that is %s', (_what, answer) => {
  test.each(VERBS)('is no success of %s', async (_verb, method, outcome, call) => {
    await using calendar = createFakeCalendar({ retry: false })
    await calendar.connectAs(reference, 'hana@example.com')
    const { event } = await calendar.events.create(reference, meeting(1))
    calendar.fail(`${method} /calendar`, answer)
    expect(await failure(call(calendar, event.id))).toMatchObject({ code: 'unexpected', outcome })
  })
})

test('a sync whose last page has no cursor fails: the next one would begin anew', async () => {
  await using calendar = createFakeCalendar({ retry: false })
  await calendar.connectAs(reference, 'hana@example.com')
  calendar.fail('GET /calendar', { json: { kind: 'calendar#events', items: [] } })
  const error = await failure(collect(calendar.sync(reference)))
  expect(error).toMatchObject({ code: 'unexpected', outcome: 'none' })
})
