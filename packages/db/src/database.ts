import { Kysely } from 'kysely'
import type { DatabaseContext } from './database-context.ts'

/** A `Kysely` whose every query obeys the scope around it. */
export class Database<DB> extends Kysely<DB> {
  readonly #context: DatabaseContext

  /** @internal Use {@link createDatabase}. */
  constructor(context: DatabaseContext) {
    super(context.config)
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
