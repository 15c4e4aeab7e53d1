export { calendarMigrations } from './stores/calendar-migrations.ts'
export { kyselyCalendarStore, type KyselyCalendarStoreOptions } from './stores/kysely-store.ts'
