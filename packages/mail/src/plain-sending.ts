import type { Transporter } from 'nodemailer'
import type { MailBackend } from './mail.ts'
import { canonicalBytes } from './message/body-encoding.ts'
import type { Sign } from './message/dkim.ts'
import { type CheckedMessage, textsOf } from './message/native-message.ts'
import { plainMessage } from './message/plain-message.ts'
import type { ReadableParts } from './message/readable-parts.ts'
import { type Backend, sentInfo } from './scoped-transport.ts'
import type { Envelope } from './smtp/delivery.ts'

/**
 * Sends a message of text and HTML past the native client, which would make a tree of it first (decision 106).
 * As soon as the client has a plugin, or a `sendMail` of somebody else's, all goes through it.
 */
export function plainSending(
  client: Transporter,
  backend: Backend,
  sign: Sign | undefined,
): NonNullable<MailBackend['sendPlain']> {
  // oxlint-disable-next-line typescript/unbound-method -- compared, never called
  const { sendMail } = client
  let hasPlugins = false
  const use = client.use.bind(client)
  client.use = (...plugin) => {
    hasPlugins = true
    return use(...plugin)
  }
  return (checked, signal, progress, turn) => {
    if (hasPlugins || client.sendMail !== sendMail) return undefined
    const plain = plainMessage(checked)
    if (plain === undefined) return undefined
    const outgoing = {
      envelope: envelopeOf(checked),
      bytes: async () => (sign === undefined ? plain : canonicalBytes(await sign(plain))),
      readable: () => readable(checked),
    }
    return backend.deliver(outgoing, signal, progress, turn).then(sentInfo)
  }
}

/** Each recipient once, as nodemailer has it. */
export function envelopeOf({ from, to, cc, bcc, envelope }: CheckedMessage): Envelope {
  const recipients = new Set<string>()
  for (const list of [to, cc, bcc]) for (const { address } of list) recipients.add(address)
  return {
    from: envelope?.from ?? from.address,
    to: [...recipients],
    ...(envelope?.dsn && { dsn: envelope.dsn }),
  }
}

function readable(checked: CheckedMessage): ReadableParts {
  const { text, html = '' } = textsOf(checked)
  return {
    subject: checked.subject.trim(),
    text: text.replaceAll('\r\n', '\n'),
    html: html === '' ? undefined : html.replaceAll('\r\n', '\n'),
    attachments: [],
  }
}
