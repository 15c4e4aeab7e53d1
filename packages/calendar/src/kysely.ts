export { calendarMigrations } from './calendar-migrations.ts'
export { kyselyCalendarStore, type KyselyCalendarStoreOptions } from './kysely-store.ts'
