import type { RejectedRecipient } from '../smtp/rejected-recipient.ts'

/** A message that a server took. */
export interface SentMail {
  /** `'<id@domain>'` */
  readonly messageId: string
  /** The recipients that the server took, as they were passed in. */
  readonly accepted: readonly string[]
  /** Those that it refused while it took others, and why. If it refuses all, `send` throws. */
  readonly rejected: readonly RejectedRecipient[]
  /** What the server said to the message. */
  readonly response: string
}
