import { describe, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import type { CalendarFixture, CalendarFixtureOptions } from './calendar-fixture.ts'
import { exerciseCalendar } from './exercise-calendar.ts'
import { createFakeCalendar } from './fake-calendar.ts'

function fake(options: CalendarFixtureOptions): CalendarFixture {
  const calendar = createFakeCalendar(options)
  return {
    calendar,
    allow: (url, email, scopes) => calendar.allow(url, email, scopes),
    eventsOf: (email) => calendar.eventsOf(email),
    expireAccessTokens: () => calendar.expireAccessTokens(),
    revokeAccess: (email) => calendar.revokeAccess(email),
    invalidateSyncTokens: (email) => calendar.invalidateSyncTokens(email),
    requestCount: (method, path) => calendar.requestCount(method, path),
    dropReply(line, times) {
      for (let count = 0; count < times; count += 1) calendar.intercept(line, () => 'reset')
    },
    [Symbol.asyncDispose]: () => calendar.close(),
  }
}

describe('the fake', () => {
  for (const { name, run } of exerciseCalendar(fake)) test(name, run)
})

describe('the local Google', () => {
  for (const { name, run } of exerciseCalendar(startGoogleCalendar)) test(name, run)
})
