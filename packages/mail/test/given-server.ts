import { startFaultProxy, startSmtp } from '@yuzuru/sandbox'
import { createMail } from '../src/create-mail.ts'
import type { MessageAnswer, ReceivedMail } from '../src/testing/fake-answers.ts'
import type { MailFixture, MailFixtureOptions } from '../src/testing/mail-fixture.ts'

/** How to reach a mail server that is not ours. */
export interface GivenServer {
  readonly host: string
  readonly port: number
  /** Where it hands over what it is sent, before it answers: our own server listens there. */
  readonly filterPort: number
}

/**
 * The mail server that the environment names, if it does (`scripts/postfix.sh` starts one):
 * `smtp://host:port?filter=10026`.
 */
export function givenServer(): GivenServer | undefined {
  const { YUZURU_TEST_SMTP: given } = process.env
  if (given === undefined) return undefined
  const { protocol, hostname, port, searchParams } = new URL(given)
  const filterPort = Number(searchParams.get('filter'))
  if (protocol !== 'smtp:' || !(Number(port) > 0) || !(filterPort > 0)) {
    throw new TypeError(
      'Expected YUZURU_TEST_SMTP to be such as smtp://127.0.0.1:2525?filter=10026',
    )
  }
  return { host: hostname, port: Number(port), filterPort }
}

/**
 * A client of that server. What is refused is refused by our server behind it, which it asks before it answers
 * (Postfix: `smtpd_proxy_filter`). What breaks, or falls silent, is the line between the client and it.
 */
export async function clientOf(
  { host, port, filterPort }: GivenServer,
  options: MailFixtureOptions = {},
): Promise<MailFixture> {
  const behind = await startSmtp({ port: filterPort })
  const proxy = await startFaultProxy({ target: { host, port } })
  const mail = createMail({
    host: proxy.host,
    port: proxy.port,
    from: 'けいかくん <no-reply@example.jp>',
    ...options,
  })
  const fated = (answer: MessageAnswer | undefined): MessageAnswer | undefined => {
    if (typeof answer !== 'object' || 'reject' in answer) return answer
    const isDrop = 'drop' in answer
    proxy.set(isDrop ? { resetAfterBytes: { toClient: 0 } } : { halfOpen: true })
    const fate = isDrop ? answer.drop : answer.silent
    return fate === 'kept' ? 'accept' : { reject: 451 }
  }
  return {
    mail,
    received: () => behind.inbox.messages,
    setAnswers({ onRecipient, onMessage }) {
      proxy.clear()
      behind.setAnswers({
        ...(onRecipient && { onRecipient }),
        ...(onMessage && { onMessage: (message: ReceivedMail) => fated(onMessage(message)) }),
      })
    },
    async [Symbol.asyncDispose]() {
      proxy.clear()
      await mail.close()
      await proxy.close()
      await behind.close()
    },
  }
}
