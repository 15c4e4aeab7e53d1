/** What a library is given in place of what the body threw. */
class PlainFailure extends Error {}

/**
 * Calls `run` with a body whose failures `run` never sees: it gets a plain `Error` for each. For a library that looks at
 * what was thrown before it undoes something: Kysely 0.29 keeps a transaction open on an `AbortedTransactionError`, of
 * another database say, and on what throws when it is looked at, and the next one on that connection commits it.
 *
 * @param run calls its argument once, or again, and gives what that gave
 * @param body code of others
 * @returns what `run` gives
 * @throws what the last call of `body` threw, if it threw; else what `run` throws
 * @example
 * await withPlainFailure((fn) => db.transaction().execute(fn), async (tx) => handler(tx))
 */
export async function withPlainFailure<A extends unknown[], T>(
  run: (body: (...args: A) => Promise<T>) => Promise<T>,
  body: (...args: A) => Promise<T>,
): Promise<T> {
  let thrown: { readonly error: unknown } | undefined
  try {
    return await run(async (...args) => {
      thrown = undefined
      try {
        return await body(...args)
      } catch (error) {
        thrown = { error }
        throw new PlainFailure('A body failed')
      }
    })
  } catch (error) {
    throw thrown === undefined ? error : thrown.error
  }
}
