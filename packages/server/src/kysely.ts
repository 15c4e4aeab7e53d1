export { idempotencyMigrations } from './idempotency/idempotency-migrations.ts'
export {
  kyselyIdempotencyStore,
  type KyselyIdempotencyStoreOptions,
} from './idempotency/kysely-idempotency-store.ts'
