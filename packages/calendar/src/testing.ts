export type { CalendarFixture, CalendarFixtureOptions } from './calendar-fixture.ts'
export { exerciseCalendar } from './exercise-calendar.ts'
export { type CalendarCase, exerciseCalendarStore } from './exercise-calendar-store.ts'
export {
  type ConsentGiven,
  createFakeCalendar,
  type FakeCalendar,
  type FakeCalendarOptions,
} from './fake-calendar.ts'
export {
  memoryCalendarStore,
  type MemoryCalendarStore,
  type MemoryCalendarStoreOptions,
} from './memory-store.ts'
export { plainCipher } from './plain-cipher.ts'
