import type { NativeDsn } from '../message/delivery-options.ts'
import type { ReplyRedaction } from './smtp-reply.ts'

/** The sender and the recipients, as the SMTP dialogue names them. */
export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
  /** What it is asked to report. */
  readonly dsn?: NativeDsn | undefined
}

/** A recipient that the server refused, with what it said. */
export interface RefusedRecipient {
  readonly address: string
  readonly response: string
}

/** What the server said to a message it took. */
export interface Delivery {
  readonly accepted: readonly string[]
  readonly rejected: readonly RefusedRecipient[]
  readonly response: string
}

/** What nodemailer's connection gives of one. */
export interface NativeDelivery {
  readonly accepted: readonly string[]
  readonly rejectedErrors?: readonly { readonly recipient: string; readonly response?: string }[]
  readonly response: string
}

/** A delivery without what must not be shown. */
export function shownDelivery(native: NativeDelivery, replies: ReplyRedaction): Delivery {
  const { accepted, rejectedErrors = [], response } = native
  const rejected = rejectedErrors.map(({ recipient, response: reply = '' }) => ({
    address: recipient,
    response: replies.shown(reply),
  }))
  return { accepted, rejected, response: replies.shown(response) }
}

/** Takes out of a refusal of nodemailer's what must not be shown. */
export function hideSecrets(error: unknown, replies: ReplyRedaction): void {
  if (typeof error !== 'object' || error === null || !('response' in error)) return
  if (typeof error.response === 'string') error.response = replies.shown(error.response)
  if (!('rejectedErrors' in error) || !Array.isArray(error.rejectedErrors)) return
  for (const each of error.rejectedErrors) hideSecrets(each, replies)
}
