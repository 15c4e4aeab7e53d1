import { codeOf, enhancedCodeOf } from '../smtp/smtp-reply.ts'
import type { GivenRecipient } from '../message/given-recipient.ts'
import type { RefusedRecipient } from '../smtp/delivery.ts'

/** A recipient that the server refused. */
export interface RejectedRecipient {
  /** As it was passed in. Personal data. */
  readonly address: string
  /** The reply code: 450, 550 …; `undefined` when a client of your own does not say. */
  readonly code: number | undefined
  /** The enhanced status code (RFC 3463), if the server gave one: `'5.1.1'` … */
  readonly enhanced: string | undefined
  /** Whether the server may take it later (4xx). */
  readonly retryable: boolean
}

/** What the server's reply says of a recipient. */
export function rejectedRecipient({ address, response }: RefusedRecipient): RejectedRecipient {
  const code = codeOf(response)
  const enhanced = enhancedCodeOf(response)
  return { address, code, enhanced, retryable: code !== undefined && code < 500 }
}

/** Each of them with the address as it was passed in, in each form that was. */
export function asGiven(
  rejected: readonly RejectedRecipient[],
  recipients: readonly GivenRecipient[],
): RejectedRecipient[] {
  return rejected.flatMap(({ address: wire, code, enhanced, retryable }) =>
    formsOf(wire, recipients).map((address) => ({ address, code, enhanced, retryable })),
  )
}

/** How an address was passed in: usually in one form; as it is, if it was not. */
export function formsOf(address: string, recipients: readonly GivenRecipient[]): readonly string[] {
  const forms = recipients.filter((each) => each.address === address).map(({ given }) => given)
  return forms.length === 0 ? [address] : [...new Set(forms)]
}
