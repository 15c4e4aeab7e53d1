export { kyselyBillingStore, type KyselyLike, type KyselyStoreOptions } from './stores/kysely-store.ts'
export { billingMigrations } from './stores/migrations.ts'
