import { Semaphore } from '@yuzuru/concurrency/sync'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { Transporter } from 'nodemailer'
import { lifeOf, mailOverBackend, type SenderOptions } from '../create-mail.ts'
import {
  expectAnswers,
  type FakeAnswers,
  fateOf,
  type ReplyError,
  replyError,
} from './fake-answers.ts'
import type { Mail } from '../mail.ts'
import type { ReadableParts } from '../message/readable-parts.ts'
import type { Backend } from '../scoped-transport.ts'
import type { RefusedRecipient } from '../smtp/delivery.ts'
import { SmtpFault } from '../smtp/smtp-fault.ts'

/**
 * A mail that the fake took. `subject`, `text` and `html` are as they were before they were encoded.
 * What the native client got as a stream, as a file or as `raw` is in `raw` only.
 */
export interface FakeSent extends ReadableParts {
  readonly messageId: string
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
  /** The whole message as it would have gone out, headers encoded (RFC 5322). */
  readonly raw: Buffer
}

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
  readonly answers?: FakeAnswers | undefined
}

const NAMES: readonly string[] = Object.keys({
  from: true,
  domain: true,
  attachmentFolder: true,
  redirectTo: true,
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
  const { from = 'fake@example.test', answers: initial = {}, ...sender } = options
  expectAnswers(initial)
  const sent: FakeSent[] = []
  let answers = initial
  const backend: Backend = {
    admit: () => Promise.resolve({ [Symbol.dispose]: () => undefined }),
    async deliver({ envelope, bytes: write, readable }, _signal, progress) {
      progress.sent = false
      const bytes = await write()
      const { accepted, rejected } = asked(envelope.to, answers)
      progress.sent = true
      const messageId = /^message-id:\s?(<[^\s<>]+>)/im.exec(bytes.toString('latin1'))?.[1] ?? ''
      const message: FakeSent = {
        messageId,
        envelope: { from: envelope.from, to: accepted },
        ...readable(),
        raw: bytes,
      }
      const { kept, ending } = fateOf(answers.onMessage?.(message) ?? 'accept')
      if (kept) sent.push(message)
      if (ending === 'accepted') return { accepted, rejected, response: '250 Accepted' }
      // Nobody ever gives a permit of this one: the server is silent until the caller has had enough.
      if (ending === 'silent') await new Semaphore(0, { name: 'a silent server' }).acquire()
      throw new SmtpFault('send', {
        cause: Object.assign(new Error('Connection closed'), { code: 'ECONNECTION' }),
      })
    },
    verify: () => Promise.resolve(),
    life: lifeOf({}),
  }
  return Object.assign(mailOverBackend('yuzuru-fake', { from, ...sender }, backend), {
    sent,
    setAnswers(next: FakeAnswers) {
      expectAnswers(next)
      answers = next
    },
  })
}

/** Asks for each recipient; throws, as nodemailer does, if none is left. */
function asked(
  recipients: readonly string[],
  answers: FakeAnswers,
): { accepted: string[]; rejected: RefusedRecipient[] } {
  const refusals: ReplyError[] = []
  const accepted: string[] = []
  const rejected: RefusedRecipient[] = []
  for (const address of recipients) {
    const answer = answers.onRecipient?.(address) ?? 'accept'
    if (answer === 'accept') {
      accepted.push(address)
      continue
    }
    const error = replyError(answer, 'RCPT TO')
    refusals.push(Object.assign(error, { recipient: address }))
    rejected.push({ address, response: error.response })
  }
  if (accepted.length > 0) return { accepted, rejected }
  const all = { rejected: rejected.map(({ address }) => address), rejectedErrors: [...refusals] }
  const first = refusals.find(({ responseCode }) => responseCode < 500) ?? refusals.at(-1)
  if (first === undefined) throw new TypeError('Expected at least one recipient, got none')
  const { message, responseCode, response, command } = first
  throw Object.assign(new Error(message), { responseCode, response, command, ...all })
}
