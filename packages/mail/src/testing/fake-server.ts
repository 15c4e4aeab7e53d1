import { type Admission, admission } from '@yuzuru/concurrency/boundary'
import { Event } from '@yuzuru/concurrency/sync'
import type { Backend } from '../scoped-transport.ts'
import type { ReadableParts } from '../message/readable-parts.ts'
import type { RefusedRecipient } from '../smtp/delivery.ts'
import { SendLimits } from '../smtp/send-limits.ts'
import { closedFault, SmtpFault } from '../smtp/smtp-fault.ts'
import { type SmtpLimits, smtpConfig } from '../smtp/smtp-options.ts'
import {
  expectAnswers,
  type FakeAnswers,
  fateOf,
  type ReplyError,
  replyError,
} from './fake-answers.ts'

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

/** The server of the fake, and the way to it: made up, but for the limits, which are those of the real one. */
export class FakeServer implements Omit<Backend, 'life'> {
  /** What was taken, oldest first. */
  readonly taken: FakeSent[] = []
  readonly #isCut = new Event({ name: 'a silent server' })
  readonly #permits: Admission | undefined
  readonly #limits: SendLimits | undefined
  #answers: FakeAnswers

  /** @throws {TypeError} unless both are valid */
  constructor(answers: FakeAnswers, limits: SmtpLimits | undefined) {
    expectAnswers(answers)
    this.#answers = answers
    if (limits === undefined) return
    const config = smtpConfig({ host: 'fake', limits })
    this.#limits = new SendLimits(config)
    this.#permits = admission({
      connections: config.connections,
      queue: config.queue,
      acquireTimeoutMs: config.acquireTimeoutMs,
      name: 'mail',
      refuse: ({ code, message }) =>
        code === 'closed'
          ? closedFault()
          : new SmtpFault('pool', { reason: code, message: `not sent: ${message}` }),
    })
  }

  /** @throws {TypeError} unless they are valid */
  setAnswers(answers: FakeAnswers): void {
    expectAnswers(answers)
    this.#answers = answers
  }

  async admit(): Promise<Disposable> {
    return (await this.#permits?.acquire()) ?? { [Symbol.dispose]: () => undefined }
  }

  async deliver(
    ...[{ envelope, bytes: write, readable }, _signal, progress]: Parameters<Backend['deliver']>
  ): ReturnType<Backend['deliver']> {
    progress.sent = false
    const bytes = await write()
    await this.#limits?.pass()
    const answers = this.#answers
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
    if (kept) this.taken.push(message)
    if (ending === 'accepted') return { accepted, rejected, response: '250 Accepted' }
    if (ending === 'silent') {
      // Until the caller has had enough, or the client is closed.
      await this.#isCut.wait()
      throw closedFault()
    }
    throw new SmtpFault('send', {
      cause: Object.assign(new Error('Connection closed'), { code: 'ECONNECTION' }),
    })
  }

  verify(): Promise<void> {
    return Promise.resolve()
  }

  /** Ends what is silent, and refuses what waits. */
  cut(): Promise<void> {
    this.#permits?.close()
    this.#isCut.set()
    return Promise.resolve()
  }
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
