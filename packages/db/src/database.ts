import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import { Kysely } from 'kysely'
import { Binding } from './statements/binding.ts'
import type { DatabaseContext } from './statements/database-context.ts'
import { BoundExecutor } from './statements/executor.ts'
import { askHealth, type Health } from './statements/ask-health.ts'
import { connectionsOf } from './statements/kysely-connection.ts'

/** A `Kysely` whose every query obeys the scope around it. */
export class Database<DB> extends Kysely<DB> {
  /** The name of this boundary in errors, traces and probes. */
  readonly boundary = 'db'
  readonly #context: DatabaseContext

  /** @internal Use {@link createDatabase}. */
  constructor(context: DatabaseContext) {
    const { config, driver } = context
    const { plugins } = config
    const executor = new BoundExecutor(new Binding(context), connectionsOf(context), plugins)
    super({ config, driver, dialect: config.dialect, executor })
    this.#context = context
  }

  /**
   * Runs a statement that does nothing, to see whether the database answers: {@link health} of this database.
   * It waits for a connection like any query, so a full pool counts as unhealthy. With `readiness` of
   * `@yuzuru/server` the probe asks it.
   *
   * @throws {DbError} when there is no connection or no answer
   * @throws {TimeoutError} when `timeoutMs` has passed
   */
  async health(options?: IoOptions): Promise<Health> {
    return await askHealth(this, options)
  }

  /**
   * Lets no new statement begin, waits for running statements and open transactions, at most `drainMs` (10 s
   * by default), and closes the connections; what is left then fails with `connection_lost`. A pool that was
   * passed in stays open. A second call waits for the first. Do not call it within a transaction of this
   * database: it would wait for itself until `drainMs` is over.
   *
   * @throws {TypeError} when an option is unknown or out of its range, before anything is closed
   */
  async close(options?: CloseOptions): Promise<void> {
    const { sessions, reads } = this.#context
    await Promise.all([reads?.close(options), sessions.close(options)])
  }

  /** Kysely's name for {@link Database.close}. */
  override destroy(): Promise<void> {
    return this.close()
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
