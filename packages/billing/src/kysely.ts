export { kyselyBillingStore, type KyselyStoreOptions } from './stores/kysely-store.ts'
export { billingMigrations } from './stores/migrations.ts'
