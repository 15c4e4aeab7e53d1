import { Kysely } from 'kysely'
import { Binding } from './statements/binding.ts'
import type { DatabaseContext } from './statements/database-context.ts'
import { BoundExecutor } from './statements/executor.ts'
import { connectionsOf } from './statements/kysely-connection.ts'

/** A `Kysely` whose every query obeys the scope around it. */
export class Database<DB> extends Kysely<DB> {
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
   * Refuses new work, waits for what is running, and closes the connections; a pool that was passed in
   * stays open. A second call waits for the first.
   */
  async close(): Promise<void> {
    const { sessions, reads } = this.#context
    await Promise.all([reads?.close(), sessions.close()])
  }

  /** Kysely's name for {@link Database.close}. */
  override destroy(): Promise<void> {
    return this.close()
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
