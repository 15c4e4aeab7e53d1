import type { IoProgress } from '@yuzuru/concurrency'
import type { MailMessage as NativeMail } from 'nodemailer'

/**
 * What our own `send` puts into a message for the transport at the other end of nodemailer, which hands
 * fields that it does not know on to it (as `ses` to its transport for SES). With it the transport knows
 * that the call is counted and translated already, and says how far it came.
 */
export interface HandedOver {
  readonly yuzuru: { readonly progress: IoProgress }
}

/** The progress that `send` handed over; none for a call of the native client. */
export function handedProgress({ data }: NativeMail): IoProgress | undefined {
  const { yuzuru } = data as Partial<HandedOver>
  return yuzuru?.progress
}
