import { type Closing, orAborted } from '@yuzuru/concurrency/boundary'
import { closedFault } from './smtp/smtp-fault.ts'

/**
 * Waits for a client that may know nothing of our signal: until it fires, or `close` cuts off what is
 * left. nodemailer's SMTP transports end at once then; of others nothing more is known than that nobody
 * waits for them any longer.
 */
export async function untilCut<T>(
  signal: AbortSignal,
  life: Closing,
  fn: (joined: AbortSignal) => Promise<T>,
): Promise<T> {
  const joined = AbortSignal.any([signal, life.signal])
  try {
    return await orAborted(fn(joined), joined)
  } catch (error) {
    throw life.signal.aborted && error === life.signal.reason ? closedFault() : error
  }
}
