import { Cancelled, cancelScope, outcomeOf } from '@yuzuru/concurrency'
import { type StandIn, SteppedHttp, type Strike, type Stroke } from '@yuzuru/tooling/stepped-http'
import { describe, expect, test } from 'vitest'
import { type GoogleCalendar, startGoogleCalendar } from '../test/google-calendar.ts'
import type { Calendar } from './calendar.ts'
import { createCalendar } from './create-calendar.ts'
import { connect, meeting } from './testing/calendar-fixture.ts'

const staff = 'staff-1'
const EVERYTHING = 'https://www.googleapis.com/auth/calendar'

/** What is there before a verb is tried. */
interface Given {
  readonly id: string
  readonly etag: string
  /** Another calendar of the account. */
  readonly to: string
  /** Under which an event was made, and deleted. */
  readonly usedKey: string
  readonly freshKey: string
}

type Verb = (calendar: Calendar, given: Given) => Promise<unknown>

/** The verbs that change something. */
const VERBS: Readonly<Record<string, Verb>> = {
  'events.create': ({ events }) => events.create(staff, meeting(2)),
  'events.create with a key': ({ events }, { freshKey: idempotencyKey }) =>
    events.create(staff, { ...meeting(2), idempotencyKey }),
  'events.create that restores': ({ events }, { usedKey: idempotencyKey }) =>
    events.create(staff, { ...meeting(3), idempotencyKey, ifDeleted: 'restore' }),
  'events.create that makes it anew': ({ events }, { usedKey: idempotencyKey }) =>
    events.create(staff, { ...meeting(3), idempotencyKey, ifDeleted: 'recreate' }),
  'events.update': ({ events }, { id }) => events.update(staff, { id, summary: '別の会議' }),
  'events.update with an etag': ({ events }, { id, etag }) =>
    events.update(staff, { id, etag, summary: '別の会議' }),
  'events.update of the guests': ({ events }, { id }) =>
    events.update(staff, { id, attendees: { add: ['taro@example.com'] } }),
  'events.move': ({ events }, { id, to }) => events.move(staff, { id, to }),
  'events.move with an etag': ({ events }, { id, etag, to }) =>
    events.move(staff, { id, etag, to }),
  'events.delete': ({ events }, { id }) => events.delete(staff, { id }),
  'events.delete with an etag': ({ events }, { id, etag }) => events.delete(staff, { id, etag }),
  'events.respond': ({ events }, { id }) => events.respond(staff, { id, response: 'accepted' }),
  'calendars.create': ({ calendars }) => calendars.create(staff, { summary: '支援会議' }),
}

/** What befalls request `at`, and the one so many after it. */
interface Blows {
  readonly at: number
  readonly first: Stroke
  readonly second?: Stroke
  readonly after?: number
}

const BLOWS: readonly Omit<Blows, 'at'>[] = [
  { first: 'refused' },
  { first: 'silent' },
  ...(['lost', 'failed after'] as const).flatMap((first) => [
    { first },
    { first, second: 'refused' as const, after: 1 },
    { first, second: 'refused' as const, after: 2 },
    { first, second: 'cut' as const, after: 1 },
  ]),
]

const answer = (status: number, reason: string): StandIn => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { code: status, errors: [{ reason }] } }),
})

interface Stage {
  readonly fixture: GoogleCalendar
  readonly line: SteppedHttp
  /** By way of the line. */
  readonly calendar: Calendar
  readonly to: string
}

async function given({ fixture, to }: Stage, trial: number): Promise<Given> {
  const { events } = fixture.calendar
  const attendees = [{ email: 'hana@example.com' }]
  const { event } = await events.create(staff, { ...meeting(1), attendees })
  const usedKey = `used-${trial}`
  const gone = await events.create(staff, { ...meeting(3), idempotencyKey: usedKey })
  await events.delete(staff, { id: gone.event.id })
  return { id: event.id, etag: event.etag, to, usedKey, freshKey: `fresh-${trial}` }
}

/** What a verb says when so much befalls its requests; `undefined`: it has fewer. */
async function failAt(stage: Stage, verb: Verb, blows: Blows, trial: number): Promise<unknown> {
  const { line, calendar } = stage
  const before = await given(stage, trial)
  const { at, first, second, after = 0 } = blows
  const strike: Strike = (count) =>
    count === at ? first : count === at + after ? second : undefined
  const error = await cancelScope(async (scope) => {
    line.begin(strike, () => first === 'silent' && scope.cancel())
    await verb(calendar, before)
  }).catch((reason: unknown) => reason)
  if (!line.struck) return undefined
  const done = line.done.map(({ method, path }) => `${method} ${path}`)
  const said = error === undefined ? 'a value' : outcomeOf(error)
  if (first === 'silent') expect([at, Cancelled.isInstance(error)]).toEqual([at, true])
  return { ...blows, isTrue: said !== 'none' || done.length === 0, said, done }
}

describe('whatever befalls one or two requests of', () => {
  test.each(Object.entries(VERBS))(
    '%s, it says none only where Google has changed nothing',
    async (_, verb) => {
      await using fixture = await startGoogleCalendar({ retry: { baseDelayMs: 1, attempts: 3 } })
      await connect(fixture, staff, 'hana@example.com', [EVERYTHING])
      const { google, options } = fixture
      await using line = await SteppedHttp.start({
        target: google,
        refusal: answer(403, 'forbidden'),
        failure: answer(503, 'backendError'),
      })
      const endpoints = { ...options.endpoints, apiRoot: line.url(google.calendarUrl) }
      await using calendar = createCalendar({ ...options, endpoints })
      const { id: to } = await fixture.calendar.calendars.create(staff, { summary: '別' })
      const stage = { fixture, line, calendar, to }
      let trials = 0
      for (const blows of BLOWS) {
        for (let at = 1; ; at += 1) {
          trials += 1
          const said = await failAt(stage, verb, { ...blows, at }, trials)
          if (said === undefined) break
          expect(said).toMatchObject({ isTrue: true })
        }
      }
      expect(trials).toBeGreaterThan(2 * BLOWS.length - 1)
    },
    30_000,
  )
})
