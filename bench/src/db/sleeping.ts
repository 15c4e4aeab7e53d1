import type { Client } from 'pg'

/** Waits until so many queries sleep on the server, as it says itself; gives the moment in which it was so. */
export async function sleepingUntil(watcher: Client, count: number): Promise<number> {
  while ((await sleeping(watcher)) !== count);
  return performance.now()
}

async function sleeping(watcher: Client): Promise<number> {
  const { rowCount } = await watcher.query(
    `select from pg_stat_activity where state = 'active' and query like 'select pg_sleep(%'`,
  )
  return rowCount ?? 0
}
