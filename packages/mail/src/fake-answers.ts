import type { ReadableParts } from './readable-parts.ts'

/** A refusal on purpose: 4xx for now, 5xx for good. */
export interface RejectAnswer {
  /** 400–599 */
  readonly reject: number
  readonly message?: string
}

/** What the fake says once it has a message; see {@link FakeAnswers.onMessage}. */
export type MessageAnswer =
  | 'accept'
  | RejectAnswer
  | { readonly drop: 'kept' | 'lost' }
  | { readonly silent: 'kept' | 'lost' }

/** A message as the receiving side sees it. */
export interface ReceivedMail extends ReadableParts {
  readonly messageId: string
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
}

/** Answers on purpose, in the shape of `@yuzuru/sandbox`'s mail server. `undefined` accepts. */
export interface FakeAnswers {
  readonly onRecipient?: (address: string) => 'accept' | RejectAnswer | undefined
  /**
   * `drop` breaks the connection and `silent` never replies, both after the end of DATA, so that the
   * client can't know; `kept` says that the message arrived all the same.
   */
  readonly onMessage?: (message: ReceivedMail) => MessageAnswer | undefined
}

/** An error such as nodemailer makes of a refusing reply. */
export function replyError(
  { reject, message = 'Refused by the fake' }: RejectAnswer,
  command: string,
  rejected: readonly string[] = [],
): Error {
  if (!Number.isInteger(reject) || reject < 400 || reject > 599) {
    throw new TypeError(`Expected reject to be a reply code from 400 to 599, got ${reject}`)
  }
  const response = `${reject} ${message}`
  return Object.assign(new Error(response), { responseCode: reject, response, command, rejected })
}
