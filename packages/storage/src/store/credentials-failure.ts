import { currentClock, currentSignal, isRetryable } from '@yuzuru/concurrency'
import { orAborted } from '@yuzuru/concurrency/boundary'

/** How long getting credentials may take, in milliseconds. */
const LIMIT_MS = 30_000

/** There are no credentials to sign a request with, so nothing was sent. */
export class CredentialsFailure extends Error {
  /** Whether asking again may help. */
  readonly retryable: boolean

  constructor(message: string, retryable: boolean, cause?: unknown) {
    super(message, { cause })
    this.retryable = retryable
  }
}

/**
 * Waits for a function that gets credentials and takes no signal, until the scope around it ends, at most
 * 30 s.
 *
 * @throws {CredentialsFailure}
 */
export async function awaitCredentials<T>(
  asked: Promise<T>,
  signal: AbortSignal | undefined = currentSignal(),
): Promise<T> {
  signal?.throwIfAborted()
  const late = Promise.withResolvers<never>()
  const timer = currentClock().schedule(LIMIT_MS, () => {
    const detail = `credentials were not got within ${LIMIT_MS} ms; check what gets them`
    late.reject(new CredentialsFailure(detail, true))
  })
  try {
    return await orAborted(Promise.race([asked, late.promise]), signal)
  } catch (cause) {
    if (signal?.aborted === true || cause instanceof CredentialsFailure) throw cause
    const detail = 'there are no credentials: what gets them failed; see "cause"'
    throw new CredentialsFailure(detail, isRetryable(cause), cause)
  } finally {
    timer.cancel()
  }
}
