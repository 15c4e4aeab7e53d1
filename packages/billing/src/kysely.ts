export { kyselyBillingStore, type KyselyLike, type KyselyStoreOptions } from './kysely-store.ts'
export { billingMigrations } from './migrations.ts'
