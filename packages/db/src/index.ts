export { beside } from './beside.ts'
export { commitOutcome, type CommitOutcome } from './transactions/commit-outcome.ts'
export {
  copyIn,
  type CopyBytes,
  type CopyColumns,
  type CopyOptions,
  type CopyRow,
} from './copy/copy-in.ts'
export type { CopyFormat } from './copy/copy-options.ts'
export { copyOut, type CopyBytesOptions, type CopyOutOptions } from './copy/copy-out.ts'
export type { CopyProgress, CopyResult } from './copy/copy-progress.ts'
export type { Copyable } from './copy/copy-query.ts'
export type { Source } from './copy/copy-rows.ts'
export { createDatabase } from './create-database.ts'
export type { Database } from './database.ts'
export type {
  CommonDatabaseOptions,
  ConnectionFields,
  DatabaseOptions,
  GivenPoolOptions,
  OwnPoolOptions,
  PoolOptions,
  ReadOptions,
} from './database-options.ts'
export { databaseOf } from './statements/database-of.ts'
export { declareReads } from './statements/declare-reads.ts'
export { DbError, type DbErrorCode, type DbErrorInit } from './wire/db-error.ts'
export {
  encryption,
  type EncryptedText,
  type Encryption,
  type RowId,
} from './encryption/encryption.ts'
export { EncryptionError, type EncryptionErrorCode } from './encryption/encryption-error.ts'
export type { Health } from './statements/ask-health.ts'
export { health } from './statements/health.ts'
export { PreciseDate } from './wire/instant.ts'
export { prepared, type PreparedOptions } from './statements/prepared.ts'
export type { EncryptionOptions } from './encryption/key-ring.ts'
export { listen, type ListenOptions } from './listen/listen.ts'
export type { Notification } from './listen/listen-line.ts'
export { migrate, type MigrateOptions } from './migrations/migrate.ts'
export type { DbMigration, MigrationSource } from './migrations/migration-sources.ts'
export type { GotOrCreated } from './rows/get-or-create.ts'
export { createMigrator } from './migrations/migrator.ts'
export type { PageKey } from './rows/page-key.ts'
export { paginate, type Page, type PageOptions } from './rows/paginate.ts'
export { json } from './wire/parameter.ts'
export type {
  PgClientLike,
  PgConnectionLike,
  PgExchange,
  PgPoolClientLike,
  PgPoolLike,
  PgQuery,
  PgResult,
  PgTypes,
} from './wire/pg-client.ts'
export type { PipelinedFigures } from './connections/pipelined-reads.ts'
export type { PoolFigures } from './connections/session-source.ts'
export type { Queryable } from './statements/queryable.ts'
export { type Relation, withMany, withOne } from './rows/related.ts'
export { withNested } from './rows/related-nested.ts'
export { type RelationThrough, withManyThrough } from './rows/related-through.ts'
export {
  type ListOptions,
  repository,
  type Repository,
  type UpdateOptions,
} from './rows/repository.ts'
export { rotate, type RotateOptions } from './encryption/rotate.ts'
export { stream, type Streamable, type StreamOptions } from './rows/stream.ts'
export {
  type Column,
  type Key,
  type NameTable,
  type NewRow,
  type Row,
  type RowChanges,
  type Table,
  tableOf,
  type TableOptions,
} from './statements/table.ts'
export { transaction } from './transactions/transaction.ts'
export { afterCommit, afterRollback } from './transactions/transaction-hooks.ts'
export type { TransactionOptions } from './transactions/transaction-options.ts'
export type { Hook } from './transactions/transaction-state.ts'
export type { ValueOptions } from './wire/value-parsers.ts'
