export { kyselyBillingStore, type KyselyStoreOptions } from './kysely-store.ts'
export { billingMigrations } from './migrations.ts'
