/*
 * The life of a mail, from `mail.send` to the server's word:
 *
 * 1. `send` (mail.ts) checks the message and opens the `io()`: from here on cancels and deadlines reach it.
 * 2. It waits for the right to a connection of the pool (smtp-pool.ts): what waits takes little memory.
 * 3. A plain message is written at once (plain-sending.ts, message/plain-message.ts). Any other is compiled by
 *    nodemailer, with its plugins, which calls our transport (scoped-transport.ts), and that writes its bytes
 *    (message/write-message.ts). Nothing has left the process.
 * 4. A new session connects and logs in; a kept one that turns out to be dead is replaced by a new one.
 * 5. MAIL, RCPT, DATA and the bytes leave. If the connection breaks, a server must forget them: `none`.
 * 6. The final "." may leave: the outcome is `unknown` until the server replies.
 * 7. A 2xx: the mail is taken. 4xx or 5xx: it is not, `none`. A break, a silence, a farewell, a cancel: `unknown`.
 * 8. The connection goes back to the pool. After a refusal it is reset before it carries the next mail;
 *    after anything less clear it is closed.
 *
 * What an outcome promises is rule 20 of docs/semantics.md; how a cancel ends a call, rules 1 to 3.
 */
import type { IoProgress } from '@yuzuru/concurrency'
import { SmtpFault } from './smtp/smtp-fault.ts'
import type { SmtpPool } from './smtp/smtp-pool.ts'
import type { Delivery, Envelope } from './smtp/delivery.ts'

/** RFC 5322, 2.1.1. */
const MAX_LINE = 998

/**
 * Sends bytes over a connection of the pool, to which the caller has the right. `progress.sent` becomes true just before the final "." of
 * DATA may leave: up to there a server must forget the message when the connection breaks (RFC 5321,
 * 3.3 and 4.1.1.4); after it only the server's reply says what became of it.
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
  // What we write has short lines; what a caller wrote itself may not have (`raw`).
  if (longestLine(bytes) > MAX_LINE) {
    const message = `the message has a line of more than ${MAX_LINE} bytes`
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

function longestLine(bytes: Buffer): number {
  let longest = 0
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf('\r\n', from)
    const to = end < 0 ? bytes.length : end
    longest = Math.max(longest, to - from)
    from = to + 2
  }
  return longest
}
