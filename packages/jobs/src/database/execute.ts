import { type Effect, io, type IoOptions, type Outcome } from '@yuzuru/concurrency'
import { expected, isMissingTable } from '@yuzuru/concurrency/boundary'
import { databaseOf, prepared } from '@yuzuru/db'
import { CompiledQuery, type QueryExecutorProvider, type RawBuilder } from 'kysely'
import { databaseError, notMigrated } from './database-error.ts'

/** What is done to the queue, for errors and traces. */
export interface QueueCall {
  readonly operation: string
  readonly effect: Effect
  /** `'kept'`: there is one way to do it, whatever the values: see `prepared` of `@yuzuru/db`. */
  readonly plan?: 'kept'
}

/** A statement whose text is always the same, and its parameters: for one that runs so often that to build it counts. */
export class FixedStatement {
  readonly #text: string
  readonly #values: readonly unknown[]

  constructor(text: string, values: readonly unknown[]) {
    this.#text = text
    this.#values = values
  }

  compile(_provider: QueryExecutorProvider): CompiledQuery<never> {
    return CompiledQuery.raw(this.#text, [...this.#values])
  }
}

/**
 * Runs one statement and gives its rows. The database's own driver carries the cancel to the server
 * (`@yuzuru/db` does); on one that can't, a statement is awaited to its end: all of ours are short.
 *
 * @param db a database or a transaction of any schema
 */
export async function execute<Row>(
  db: QueryExecutorProvider,
  call: QueueCall,
  statement: RawBuilder<Row> | FixedStatement,
  options?: IoOptions,
): Promise<Row[]> {
  const translate = (error: unknown, outcome: Outcome): Error =>
    databaseError(call.operation, error, outcome)
  const { operation } = call
  // In a transaction of ours it is COMMIT that decides, which says so itself.
  const effect = isInTransaction(db) ? 'read' : call.effect
  return await io({ boundary: 'jobs', operation, effect, translate }, options, async () => {
    try {
      // Without the plugins: a CamelCasePlugin would rename the columns that we read.
      const given = db.getExecutor()
      const executor = given.plugins.length === 0 ? given : given.withoutPlugins()
      const query = prepared(statement.compile({ getExecutor: () => executor }), {
        plan: call.plan,
      })
      return (await executor.executeQuery(query)).rows
    } catch (error) {
      throw isMissingTable(error, 'yuzuru_job') ? notMigrated(call.operation, error) : error
    }
  })
}

/** Whether it is a transaction on a database of `@yuzuru/db`. On another one its COMMIT is not seen. */
function isInTransaction(db: QueryExecutorProvider): boolean {
  return 'isTransaction' in db && db.isTransaction === true && databaseOf(db) !== undefined
}

/** Throws unless `db` is a Kysely or a Transaction. */
export function expectDatabase(db: QueryExecutorProvider): void {
  if (typeof db?.getExecutor !== 'function') {
    throw expected('db to be a Kysely or a Transaction', db)
  }
}
