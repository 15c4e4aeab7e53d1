import type { Fixture } from '@yuzuru/concurrency/testing'
import type { Queryable } from '@yuzuru/db'
import type { Transaction } from 'kysely'

/** What a case runs on: a database where `jobsMigrations` have run. Disposed of when the case has ended. */
export interface JobsFixture<DB = unknown> extends Fixture {
  readonly db: Queryable<DB>
  /** Runs `fn` in a transaction of that database; rolls back and rethrows what it throws. */
  readonly transaction: <T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>
}

/** Cases of the suite, by their names. */
export type Cases = Readonly<Record<string, <DB>(fixture: JobsFixture<DB>) => Promise<void>>>
