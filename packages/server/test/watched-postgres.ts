import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { Client } from 'pg'

/** A real server, and a look at what it does. */
export interface WatchedPostgres extends AsyncDisposable {
  readonly server: PostgresServer
  /** Waits until so many statements that contain `pg_sleep` are running. */
  asleep(count: number): Promise<void>
  /** How many connections an application has. */
  connectionsOf(applicationName: string): Promise<number>
}

/** Starts a PostgreSQL of the sandbox with a connection that looks at the others. */
export async function startWatchedPostgres(): Promise<WatchedPostgres> {
  const server = await startPostgres({ settings: { max_connections: '200' } })
  const watcher = new Client(server.url)
  await watcher.connect()
  const count = async (condition: string, values: readonly string[] = []): Promise<number> => {
    const text = `select count(*)::int as n from pg_stat_activity
      where pid <> pg_backend_pid() and ${condition}`
    const { rows } = await watcher.query<{ n: number }>(text, [...values])
    return rows[0]?.n ?? 0
  }
  return {
    server,
    async asleep(wanted) {
      while ((await count(`state = 'active' and query like '%pg_sleep%'`)) !== wanted);
    },
    connectionsOf: (name) => count('application_name = $1', [name]),
    async [Symbol.asyncDispose]() {
      await watcher.end()
      await server.close()
    },
  }
}
