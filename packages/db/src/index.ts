export { commitOutcome, type CommitOutcome } from './commit-outcome.ts'
export {
  copyIn,
  type CopyBytes,
  type CopyColumns,
  type CopyOptions,
  type CopyRow,
} from './copy-in.ts'
export type { CopyFormat } from './copy-options.ts'
export { copyOut, type CopyBytesOptions, type CopyOutOptions } from './copy-out.ts'
export type { CopyProgress, CopyResult } from './copy-progress.ts'
export type { Copyable } from './copy-query.ts'
export type { Source } from './copy-rows.ts'
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
export { declareReads } from './declare-reads.ts'
export { DbError, type DbErrorCode, type DbErrorInit } from './db-error.ts'
export { encryption, type EncryptedText, type Encryption, type RowId } from './encryption.ts'
export { EncryptionError, type EncryptionErrorCode } from './encryption-error.ts'
export { health, type Health } from './health.ts'
export { PreciseDate } from './instant.ts'
export type { EncryptionOptions } from './key-ring.ts'
export { listen, type ListenOptions } from './listen.ts'
export type { Notification } from './listen-line.ts'
export { migrate, type MigrateOptions } from './migrate.ts'
export type { DbMigration, MigrationSource } from './migration-sources.ts'
export { createMigrator } from './migrator.ts'
export type { PageKey } from './page-key.ts'
export { paginate, type Page, type PageOptions } from './paginate.ts'
export { json } from './parameter.ts'
export type {
  PgClientLike,
  PgConnectionLike,
  PgExchange,
  PgPoolClientLike,
  PgPoolLike,
  PgQuery,
  PgResult,
  PgTypes,
} from './pg-client.ts'
export type { PipelinedFigures } from './pipelined-reads.ts'
export type { PoolFigures } from './pool.ts'
export type { Queryable } from './queryable.ts'
export { type Relation, withMany, withOne } from './related.ts'
export { withNested } from './related-nested.ts'
export { type RelationThrough, withManyThrough } from './related-through.ts'
export { type ListOptions, repository, type Repository, type UpdateOptions } from './repository.ts'
export { rotate, type RotateOptions } from './rotate.ts'
export { stream, type Streamable, type StreamOptions } from './stream.ts'
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
} from './table.ts'
export { transaction } from './transaction.ts'
export { afterCommit, afterRollback } from './transaction-hooks.ts'
export type { TransactionOptions } from './transaction-options.ts'
export type { Hook } from './transaction-state.ts'
export type { ValueOptions } from './value-parsers.ts'
