import type { IoProgress } from '@yuzuru/concurrency'
import { SmtpFault } from './smtp-fault.ts'
import type { SmtpPool } from './smtp-pool.ts'
import type { Delivery, Envelope } from './smtp-session.ts'

/**
 * Sends bytes over a connection of the pool. `progress.sent` becomes true just before the final "." of
 * DATA may leave: up to there a server must forget the message when the connection breaks (RFC 5321,
 * 3.3 and 4.1.1.4), from there only its reply tells.
 */
export async function deliver(
  pool: SmtpPool,
  mail: { readonly envelope: Envelope; readonly bytes: Buffer; readonly maxBytes: number },
  signal: AbortSignal,
  progress: IoProgress,
): Promise<Delivery> {
  const { envelope, bytes, maxBytes } = mail
  progress.sent = false
  if (bytes.length > maxBytes) {
    const message = `the message has ${bytes.length} bytes, ${maxBytes} are allowed`
    throw new SmtpFault('pool', { reason: 'invalid_message', message })
  }
  return await pool.use(
    signal,
    () => !progress.sent,
    (session) =>
      session.send(envelope, bytes, signal, () => {
        progress.sent = true
      }),
  )
}
