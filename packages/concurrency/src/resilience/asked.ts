/**
 * Calls `ask`, a caller's function that is asked about `failure`. What it throws itself does not hide the
 * failure, which may have had an effect.
 *
 * @param note notes on an error what else is known. Default: nothing is
 */
export function asked<T>(
  failure: unknown,
  ask: () => T,
  note: (error: unknown) => unknown = (error) => error,
): T {
  try {
    return ask()
  } catch (mistake) {
    throw note(mistake === failure ? failure : new SuppressedError(mistake, failure))
  }
}
