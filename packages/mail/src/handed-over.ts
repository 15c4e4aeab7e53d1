import type { IoProgress } from '@yuzuru/concurrency'
import type { MailMessage as NativeMail } from 'nodemailer'

/**
 * What our own `send` puts into a message for the transport at the other end of nodemailer, which hands
 * fields that it does not know on to it (as `ses` to its transport for SES). With it the transport knows
 * that the call is counted and translated already, has its turn, and says how far it came.
 */
export interface HandedOver {
  readonly yuzuru: {
    readonly progress: IoProgress
    /** The right to a connection; `send` gives it back. */
    readonly turn: Disposable
  }
}

/** What `send` handed over; nothing for a call of the native client. */
export function handedOver({ data }: NativeMail): HandedOver['yuzuru'] | undefined {
  return (data as Partial<HandedOver>).yuzuru
}
