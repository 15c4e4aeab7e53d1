import { type CalendarFixture, type CalendarFixtureOptions, connect } from './calendar-fixture.ts'
import { ACCOUNTS } from './exercise-accounts.ts'
import type { CalendarCase } from './exercise-calendar-store.ts'
import { EVENTS, EVENTS_WITHOUT_RETRY } from './exercise-events.ts'
import { LISTS } from './exercise-lists.ts'

/**
 * What must hold of a calendar, whichever Google is behind it. Each case takes a fixture of its own,
 * with nobody connected, whose refresh tokens are replaced at every refresh.
 *
 * @example
 * for (const { name, run } of exerciseCalendar(makeFixture)) test(name, run)
 */
export function exerciseCalendar(
  make: (options: CalendarFixtureOptions) => CalendarFixture | Promise<CalendarFixture>,
): readonly CalendarCase[] {
  const connected = (check: (fixture: CalendarFixture) => Promise<void>) => {
    return async (fixture: CalendarFixture): Promise<void> => {
      await connect(fixture, 'staff-1', 'hana@example.com')
      await check(fixture)
    }
  }
  const cases = [
    ...Object.entries(ACCOUNTS).map(([name, check]) => ({ name, check, options: {} })),
    ...Object.entries({ ...EVENTS, ...LISTS }).map(([name, check]) => {
      return { name, check: connected(check), options: {} }
    }),
    ...Object.entries(EVENTS_WITHOUT_RETRY).map(([name, check]) => {
      return { name, check, options: { retry: false } as const }
    }),
  ]
  return cases.map(({ name, check, options }) => ({
    name,
    async run() {
      await using fixture = await make(options)
      await check(fixture)
    },
  }))
}
