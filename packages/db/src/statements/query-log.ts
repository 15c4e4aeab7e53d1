import type { CompiledQuery, Log } from 'kysely'

/** Tells Kysely's log of a query that `run` runs. */
export async function logged<T>(log: Log, query: CompiledQuery, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  const result = await run().catch(async (error: unknown) => {
    await log.error(() => ({ level: 'error', error, query, queryDurationMillis: since(startedAt) }))
    throw error
  })
  await log.query(() => ({ level: 'query', query, queryDurationMillis: since(startedAt) }))
  return result
}

/** Tells Kysely's log of a query whose rows come in batches, once, when that is over. */
export async function* loggedStream<T>(
  log: Log,
  query: CompiledQuery,
  rows: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const startedAt = performance.now()
  let failed = false
  try {
    yield* rows
  } catch (error) {
    failed = true
    await log.error(() => ({ level: 'error', error, query, queryDurationMillis: since(startedAt) }))
    throw error
  } finally {
    if (!failed) {
      const isStream = true
      await log.query(() => ({
        level: 'query',
        isStream,
        query,
        queryDurationMillis: since(startedAt),
      }))
    }
  }
}

function since(startedAt: number): number {
  return performance.now() - startedAt
}
