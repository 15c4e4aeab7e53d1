import { createMail, type MailMessage, type SmtpLimits } from '@yuzuru/mail'
import { createTransport } from 'nodemailer'
import type { Case } from '../benchmark.ts'
import { type Peer, startPeer } from '../peer.ts'

const CONNECTIONS = 5
const from = 'no-reply@example.jp'

/** A mail server beside this process. */
export interface Sink {
  readonly port: number
  /** How many messages it took since it was asked last. */
  taken(): Promise<number>
}

export async function startSink(resources: AsyncDisposableStack): Promise<Sink> {
  const peer: Peer = resources.use(startPeer(import.meta.resolve('./sink.ts')))
  const { port } = (await peer.next()) as { port: number }
  return { port, taken: async () => Number(await peer.ask('taken')) }
}

const row = (index: number): string =>
  `<tr><td>${index}</td><td>支援計画 ${index} を確認してください</td><td><a href="https://example.jp/plans/${index}">open</a></td></tr>`

/** What most of a mail is: the same for all. */
const TABLE = Array.from({ length: 20 }, (_, index) => row(index)).join('\n')

/** The nth of many: Japanese and ASCII, text and HTML, about 4 kB. */
export function letter(nth: number): MailMessage & Record<'to' | 'text' | 'html', string> {
  return {
    to: `staff-${nth}@example.jp`,
    subject: `【ケイカくん】支援計画書の確認をお願いします (${nth})`,
    text: `職員 ${nth} 様\n\n20 件の支援計画を確認してください。\nhttps://example.jp/plans?staff=${nth}\n`,
    html: `<!doctype html><p>職員 ${nth} 様</p><table>\n${TABLE}\n</table>`,
  }
}

/** The nth of very many, 300 bytes: what is measured is what is kept of each, not its own text. */
export function note(nth: number): ReturnType<typeof letter> {
  return {
    to: `staff-${nth}@example.jp`,
    subject: `支援計画書の確認 (${nth})`,
    text: `職員 ${nth} 様\n\nhttps://example.jp/plans?staff=${nth}\n`,
    html: `<p>職員 ${nth} 様</p><p><a href="https://example.jp/plans?staff=${nth}">開く</a></p>`,
  }
}

/** Sends so many by nodemailer's own pool. */
export function byNodemailer(
  resources: AsyncDisposableStack,
  sink: Sink,
  make: (nth: number) => ReturnType<typeof letter> = letter,
): (count: number) => Promise<void> {
  const options = { host: '127.0.0.1', port: sink.port, pool: true, maxConnections: CONNECTIONS }
  const client = createTransport({ ...options, maxMessages: Infinity, ignoreTLS: true })
  resources.defer(() => client.close())
  return async (count) => {
    await Promise.all(
      Array.from({ length: count }, (_, nth) => client.sendMail({ from, ...native(make(nth)) })),
    )
  }
}

function native({ to, subject, text, html }: ReturnType<typeof letter>): object {
  return { to, subject, text, html }
}

export function mailOf(
  resources: AsyncDisposableStack,
  sink: Sink,
  limits: SmtpLimits = {},
): ReturnType<typeof createMail> {
  return resources.use(
    createMail({
      host: '127.0.0.1',
      port: sink.port,
      from,
      queue: 1_000_000,
      acquireTimeoutMs: Infinity,
      limits: { connections: CONNECTIONS, messagesPerConnection: 1_000_000, ...limits },
    }),
  )
}

/** A case whose run is right when the server took all of them. */
export function sendsAll(
  name: string,
  sink: Sink,
  operations: number,
  send: (count: number) => Promise<void>,
): Case {
  return {
    name,
    operations,
    expected: operations,
    async run() {
      await send(operations)
      return await sink.taken()
    },
  }
}
