import { expect, test } from 'vitest'
import * as main from './index.ts'
import * as kysely from './kysely.ts'
import * as testing from './testing.ts'

test('the public face is what it was meant to be', () => {
  expect(Object.keys(main).sort()).toEqual([
    'CalendarError',
    'createCalendar',
    'createCalendarWatch',
    'isPlainDate',
  ])
  expect(Object.keys(kysely).sort()).toEqual(['calendarMigrations', 'kyselyCalendarStore'])
  expect(Object.keys(testing).sort()).toEqual([
    'createFakeCalendar',
    'exerciseCalendar',
    'exerciseCalendarStore',
    'memoryCalendarStore',
    'plainCipher',
  ])
})
