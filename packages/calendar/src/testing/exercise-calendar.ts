import { casesOf, type SuiteCase } from '@yuzuru/concurrency/testing'
import { type CalendarFixture, type CalendarFixtureOptions, connect } from './calendar-fixture.ts'
import { ACCOUNTS } from './exercise-accounts.ts'
import { CHANNELS } from './exercise-channels.ts'
import { EVENTS, EVENTS_WITHOUT_RETRY } from './exercise-events.ts'
import { GUESTS } from './exercise-guests.ts'
import { LISTS } from './exercise-lists.ts'
import { SERIES } from './exercise-series.ts'

const EVERYTHING = ['https://www.googleapis.com/auth/calendar']

/**
 * What must hold of a calendar, whichever Google is behind it. Each case takes a fixture of its own,
 * with nobody connected, whose refresh tokens are replaced at every refresh.
 *
 * @example
 * for (const { name, run } of exerciseCalendar(makeFixture)) test(name, run)
 */
export function exerciseCalendar(
  make: (options: CalendarFixtureOptions) => CalendarFixture | Promise<CalendarFixture>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return [
    ...Object.entries(ACCOUNTS).map(([name, check]) => of(name, check, {})),
    ...Object.entries({ ...EVENTS, ...LISTS, ...SERIES, ...GUESTS, ...CHANNELS }).map(
      ([name, check]) =>
        of(
          name,
          async (fixture) => {
            await connect(fixture, 'staff-1', 'hana@example.com', EVERYTHING)
            await check(fixture)
          },
          {},
        ),
    ),
    ...Object.entries(EVENTS_WITHOUT_RETRY).map(([name, check]) =>
      of(name, check, { retry: false }),
    ),
  ]
}
