/** What was thrown, by the error that was made of it. Nothing that shows an error finds it here. */
const natives = new WeakMap<object, Error>()

/** Remembers what `error` was made of. */
export function keepNative<E extends Error>(error: E, native: unknown): E {
  if (native instanceof Error) natives.set(error, native)
  return error
}

/**
 * The error that a `MailError` was made of, nodemailer's or that of a client that was passed in; `undefined` if
 * there was none.
 *
 * It may hold addresses and what the server said. Take out what you need, and log none of it.
 *
 * @example
 * catch (error) {
 *   if (nativeErrorOf(error)?.name === 'MessageRejected') return undefined
 *   throw error
 * }
 */
export function nativeErrorOf(error: unknown): Error | undefined {
  return typeof error === 'object' && error !== null ? natives.get(error) : undefined
}
