export { type CalendarCase, exerciseCalendarStore } from './exercise-calendar-store.ts'
export {
  memoryCalendarStore,
  type MemoryCalendarStore,
  type MemoryCalendarStoreOptions,
} from './memory-store.ts'
export { plainCipher } from './plain-cipher.ts'
