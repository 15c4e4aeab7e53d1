export type { CalendarFixture, CalendarFixtureOptions } from './testing/calendar-fixture.ts'
export { exerciseCalendar } from './testing/exercise-calendar.ts'
export { exerciseCalendarStore } from './testing/exercise-calendar-store.ts'
export {
  type ConsentGiven,
  createFakeCalendar,
  type FakeCalendar,
  type FakeCalendarOptions,
} from './testing/fake-calendar.ts'
export {
  memoryCalendarStore,
  type MemoryCalendarStore,
  type MemoryCalendarStoreOptions,
} from './stores/memory-store.ts'
export { plainCipher } from './testing/plain-cipher.ts'
