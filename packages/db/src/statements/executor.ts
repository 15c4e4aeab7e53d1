import { Cancelled, io, type IoOptions } from '@yuzuru/concurrency'
import {
  type CompiledQuery,
  type ConnectionProvider,
  DefaultQueryExecutor,
  type KyselyPlugin,
  type QueryResult,
  type UnknownRow,
} from 'kysely'
import type { PgResult } from '../wire/pg-client.ts'
import { Binding } from './binding.ts'
import { expectConnection, KyselyConnection } from './kysely-connection.ts'
import { logged, loggedStream } from './query-log.ts'
import { toQueryResult } from './query-result.ts'
import { rowCount } from './sql-text.ts'
import { queryCall } from './statement-call.ts'

type Plugins = readonly KyselyPlugin[]
type ExecuteOptions = Parameters<DefaultQueryExecutor['executeQuery']>[1]

/**
 * Kysely's executor, which knows what its queries run on. Kysely calls `executeQuery` while its caller's
 * `.execute()` is still on the stack: so the call to the outside begins there, in the caller's scope and
 * with the caller's place, and not some turns later, when that scope may have ended.
 */
export class BoundExecutor extends DefaultQueryExecutor {
  readonly #binding: Binding
  readonly #connections: ConnectionProvider

  constructor(binding: Binding, connections: ConnectionProvider, plugins: Plugins = []) {
    super(binding.context.compiler, binding, connections, [...plugins])
    this.#binding = binding
    this.#connections = connections
  }

  override async executeQuery<R>(
    query: CompiledQuery,
    options?: ExecuteOptions,
  ): Promise<QueryResult<R>> {
    const { log } = this.#binding.context
    const run = (): Promise<PgResult> => this.#run(query, options)
    const { signal } = options ?? {}
    const { queryId } = query
    // Nothing may be awaited before this.
    let result = toQueryResult<UnknownRow>(
      await (log === undefined ? run() : logged(log, query, run)),
      query,
    )
    for (const plugin of this.plugins) {
      result = await plugin.transformResult({
        queryId,
        result,
        ...(signal === undefined ? {} : { signal }),
      })
    }
    return result as QueryResult<R>
  }

  override async *stream<R>(
    query: CompiledQuery,
    chunkSize: number,
    options?: IoOptions,
  ): AsyncIterableIterator<QueryResult<R>> {
    rowCount('the chunk size', chunkSize)
    const { log } = this.#binding.context
    const { signal } = options ?? {}
    const rows = super.stream<R>(query, chunkSize, signal === undefined ? {} : { signal })
    yield* log === undefined ? rows : loggedStream(log, query, rows)
  }

  async #run(query: CompiledQuery, options: ExecuteOptions): Promise<PgResult> {
    const { transaction, connection } = this.#binding
    const call = queryCall(query, (transaction ?? connection)?.lease.isAtomic === true)
    const { signal: foreign } = options ?? {}
    let ending: AbortSignal | undefined
    transaction?.enter()
    try {
      return await io(call, foreign && { signal: foreign }, (signal, progress) => {
        ending = signal
        progress.sent = false
        if (transaction !== undefined) {
          const guard = (): void => transaction.assertActive()
          guard()
          return transaction.lease.run(query, signal, progress, guard)
        }
        connection?.refuseWhileLent()
        // On a connection of Kysely's own its turn is waited for, and whether its transaction has ended is
        // asked, as Kysely does.
        return this.provideConnection((provided) =>
          expectConnection(provided).lease.run(query, signal, progress),
        )
      })
    } catch (error) {
      const reason: unknown = ending?.reason
      // Nobody awaits what outlived its scope: it has been reported, with its place.
      if (Cancelled.isInstance(reason) && reason.source === 'scope-end') throw reason
      throw transaction === undefined ? error : transaction.noteFailure(error)
    } finally {
      transaction?.leave()
    }
  }

  override withPlugin(plugin: KyselyPlugin): BoundExecutor {
    return this.#with([...this.plugins, plugin])
  }

  override withPlugins(plugins: Plugins): BoundExecutor {
    return this.#with([...this.plugins, ...plugins])
  }

  override withPluginAtFront(plugin: KyselyPlugin): BoundExecutor {
    return this.#with([plugin, ...this.plugins])
  }

  override withoutPlugins(): BoundExecutor {
    return this.#with([])
  }

  #with(plugins: Plugins): BoundExecutor {
    return new BoundExecutor(this.#binding, this.#connections, plugins)
  }

  /** How Kysely makes the executor of its own transactions, and of `db.connection()`. */
  override withConnectionProvider(connections: ConnectionProvider): BoundExecutor {
    const { context, transaction, connection = connectionIn(connections) } = this.#binding
    const binding = new Binding(context, transaction, connection)
    return new BoundExecutor(binding, connections, this.plugins)
  }
}

/** The one connection of a provider that has one, and nothing else to do: it gives it at once. */
function connectionIn(connections: ConnectionProvider): KyselyConnection | undefined {
  let found: KyselyConnection | undefined
  const asked = connections.provideConnection(async (connection) => {
    if (connection instanceof KyselyConnection) found = connection
  })
  asked.catch(() => undefined)
  return found
}
