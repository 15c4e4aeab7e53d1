import assert from 'node:assert/strict'
import type { Outcome } from '@yuzuru/concurrency'
import type { Fixture } from '@yuzuru/concurrency/testing'
import type { FakeAnswers, ReceivedMail } from './fake-answers.ts'
import type { Mail } from '../mail.ts'
import { MailError } from '../mail-error.ts'
import type { DkimKey } from '../message/dkim.ts'
import type { MailMessage } from '../message/mail-message.ts'
import type { MailRetry } from '../sending/retrying.ts'
import type { RejectedRecipient } from '../smtp/rejected-recipient.ts'
import type { SmtpLimits } from '../smtp/smtp-options.ts'

/** What a case wants of its client: options of `createMail`, to be handed on. */
export interface MailFixtureOptions {
  readonly retry?: MailRetry | undefined
  readonly limits?: SmtpLimits | undefined
  readonly dkim?: DkimKey | readonly DkimKey[] | undefined
}

/** A mail client and the server behind it, fresh for one case. */
export interface MailFixture extends Fixture {
  readonly mail: Mail<unknown>
  /** What arrived, oldest first. */
  received(): readonly (ReceivedMail & { readonly raw: Uint8Array })[]
  /** Sets how the server answers from now on. */
  setAnswers(answers: FakeAnswers): void
}

export const letter: MailMessage = {
  to: 'hanako@example.jp',
  subject: '【ケイカくん】メールアドレスの確認をお願いします',
  text: '花子 様',
}

export function refused(address: string, code: number): RejectedRecipient {
  return { address, code, enhanced: undefined, retryable: code < 500 }
}

export function refuseRecipient(fixture: MailFixture, who: string, reject: number): void {
  fixture.setAnswers({
    onRecipient: (address) => (address === who ? { reject } : 'accept'),
  })
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<MailError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(MailError.isInstance(error), 'Expected the call to fail with a MailError')
  return error
}

export function assertOutcome(error: MailError, outcome: Outcome, retryable: boolean): void {
  assert.equal(error.outcome, outcome)
  assert.equal(error.retryable, retryable)
}
