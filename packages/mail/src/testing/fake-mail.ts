import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { Transporter } from 'nodemailer'
import { lifeOf, mailOverBackend, type SenderOptions } from '../create-mail.ts'
import type { FakeAnswers } from './fake-answers.ts'
import type { Mail } from '../mail.ts'
import { type DkimKey, signing } from '../message/dkim.ts'
import type { Backend } from '../scoped-transport.ts'
import type { SmtpLimits } from '../smtp/smtp-options.ts'
import { type FakeSent, FakeServer } from './fake-server.ts'

/** A {@link Mail} that sends nothing anywhere. */
export interface FakeMail extends Mail<Transporter> {
  /** What was taken, oldest first. */
  readonly sent: readonly FakeSent[]
  /**
   * Replaces the answers given on purpose; `{}` accepts all.
   *
   * @throws {TypeError} unless each name is known and has a function; for an answer that is not valid, the
   * send throws it
   */
  setAnswers(answers: FakeAnswers): void
}

/** For {@link createFakeMail}. */
export interface FakeMailOptions {
  /** @default 'fake@example.test' */
  readonly from?: SenderOptions['from'] | undefined
  /** @default that of `from` */
  readonly domain?: string | undefined
  /** @default none: no files are read */
  readonly attachmentFolder?: string | undefined
  /** @default nobody */
  readonly redirectTo?: SenderOptions['redirectTo'] | undefined
  /** As for `createMail`. @default once is all */
  readonly retry?: SenderOptions['retry'] | undefined
  /** As for `createMail`: what is `sent` is signed. @default none */
  readonly dkim?: DkimKey | readonly DkimKey[] | undefined
  /**
   * As for `createMail`, on the clock of the test. There are no connections: `connections` says how many messages are
   * under way at once, and `messagesPerConnection` is only checked. @default none
   */
  readonly limits?: SmtpLimits | undefined
  readonly answers?: FakeAnswers | undefined
}

const NAMES: readonly string[] = Object.keys({
  from: true,
  domain: true,
  attachmentFolder: true,
  redirectTo: true,
  retry: true,
  dkim: true,
  limits: true,
  answers: true,
} satisfies Record<keyof FakeMailOptions, true>)

/**
 * A mail client for tests. Messages are checked and encoded for real; only the server is made up.
 *
 * @example
 * const mail = createFakeMail()
 * await signUp(mail, 'hanako@example.jp')
 * assert.deepEqual(mail.sent[0]?.envelope.to, ['hanako@example.jp'])
 * assert.match(mail.sent[0].text, /https:\/\/example\.jp\/verify/)
 */
export function createFakeMail(options: FakeMailOptions = {}): FakeMail {
  expectOptions(options, NAMES, 'createFakeMail')
  const { from = 'fake@example.test', answers = {}, limits, dkim, ...sender } = options
  const server = new FakeServer(answers, limits)
  const backend: Backend = {
    admit: () => server.admit(),
    deliver: (...mail) => server.deliver(...mail),
    verify: () => server.verify(),
    life: lifeOf({ cut: () => server.cut() }),
  }
  const sign = dkim === undefined ? undefined : signing(dkim)
  return Object.assign(mailOverBackend('yuzuru-fake', { from, ...sender }, backend, { sign }), {
    sent: server.taken,
    setAnswers: (next: FakeAnswers) => server.setAnswers(next),
  })
}
