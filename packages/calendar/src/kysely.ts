export { calendarMigrations } from './calendar-migrations.ts'
export {
  type CalendarDatabase,
  kyselyCalendarStore,
  type KyselyCalendarStoreOptions,
} from './kysely-store.ts'
