import type { CompiledQuery, Log } from 'kysely'

/** Runs a query, and reports it to Kysely's log. */
export async function logged<T>(log: Log, query: CompiledQuery, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  const result = await run().catch(async (error: unknown) => {
    await log.error(() => ({ level: 'error', error, query, queryDurationMillis: since(startedAt) }))
    throw error
  })
  await log.query(() => ({ level: 'query', query, queryDurationMillis: since(startedAt) }))
  return result
}

/** Reports a query whose rows come in batches to Kysely's log, once, when they have ended. */
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
