export { commitOutcome, type CommitOutcome } from './commit-outcome.ts'
export { createDatabase } from './create-database.ts'
export type { Database } from './database.ts'
export type {
  CommonDatabaseOptions,
  ConnectionFields,
  DatabaseOptions,
  GivenPoolOptions,
  OwnPoolOptions,
  PoolOptions,
} from './database-options.ts'
export { DbError, type DbErrorCode, type DbErrorInit } from './db-error.ts'
export { json } from './parameter.ts'
export type {
  PgClientLike,
  PgPoolClientLike,
  PgPoolLike,
  PgQuery,
  PgResult,
  PgTypes,
} from './pg-client.ts'
export type { Queryable } from './queryable.ts'
export { transaction } from './transaction.ts'
export { afterCommit, afterRollback } from './transaction-hooks.ts'
export type { TransactionOptions } from './transaction-options.ts'
export type { ValueOptions } from './value-parsers.ts'
