import { shield, throwIfCancelled } from '@yuzuru/concurrency'

/** How long the store may take to note what Stripe has already done, after a cancel, in milliseconds. */
const NOTE_TIMEOUT_MS = 10_000

/**
 * Calls `note`, which writes down what Stripe has already done, although the caller may have given up meanwhile.
 * It is the one thing that a cancel waits for.
 *
 * @throws {Cancelled} when the caller has given up and the note has failed, or took more than 10 seconds
 * @throws {TimeoutError} when it took more than 10 seconds
 */
export async function noted<T>(note: () => Promise<T>): Promise<T> {
  try {
    return await shield(note, { name: 'note', timeoutMs: NOTE_TIMEOUT_MS })
  } catch (error) {
    throwIfCancelled()
    throw error
  }
}
