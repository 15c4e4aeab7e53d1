import { detached } from '../scopes/detached.ts'
import { kindOfError, warnRarely } from '../scopes/rare-warning.ts'

/**
 * Waits for a promise that takes no signal, but no longer than until `signal` fires. The work behind the
 * promise goes on: use it only where the other side cannot be asked to stop, and count the outcome as
 * unknown if it has an effect. Its one listener is removed; a failure that comes too late is ignored.
 *
 * @param signal such as that of `io()`; `undefined` waits as long as it takes
 * @param onLate receives a result that came too late, to release it. Called outside all scopes; a process
 *   warning reports its failure
 * @returns what `promise` resolves with
 * @throws the reason of `signal` when that fires first, or has fired already
 * @throws what `promise` rejects with
 * @example
 * const client = await orAborted(pool.connect(), signal, (late) => late.release())
 */
export function orAborted<T>(
  promise: PromiseLike<T>,
  signal: AbortSignal | undefined,
  onLate?: (value: T) => unknown,
): Promise<T> {
  if (signal === undefined) return Promise.resolve(promise)
  return new Promise<T>((resolve, reject) => {
    let isLate = false
    const abort = (): void => {
      isLate = true
      signal.removeEventListener('abort', abort)
      reject(signal.reason as Error)
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
    try {
      promise.then(
        (value) => {
          if (isLate) {
            if (onLate !== undefined) void giveBack(value, onLate)
            return
          }
          signal.removeEventListener('abort', abort)
          resolve(value)
        },
        (error: unknown) => {
          signal.removeEventListener('abort', abort)
          reject(error)
        },
      )
    } catch (error) {
      // Its `then` threw.
      signal.removeEventListener('abort', abort)
      reject(error)
    }
  })
}

/** The scope in which it was asked for has been cancelled, and would refuse what this takes. */
async function giveBack<T>(value: T, onLate: (value: T) => unknown): Promise<void> {
  try {
    await detached(() => onLate(value))
  } catch (error) {
    const message = `What came after its wait was aborted could not be given back (${kindOfError(error)})`
    warnRarely(message, 'LateResultWarning')
  }
}
