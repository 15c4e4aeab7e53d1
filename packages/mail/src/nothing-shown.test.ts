import { tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { withTimeout } from '@yuzuru/concurrency'
import { formatTaskTree } from '@yuzuru/concurrency/inspect'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startScripted } from '../test/scripted-smtp.ts'
import { createMail, type SmtpMailOptions } from './create-mail.ts'
import type { Mail } from './mail.ts'
import type { MailMessage } from './message/mail-message.ts'

/** What is nobody's business: each is in the message, in the login, or in what the server says. */
const SECRETS = ['secret-hanako', 'secret-bcc', 'secret-subject', 'secret-text', 'secret-password']
const SAID = SECRETS.join(' ')

const message: MailMessage = {
  to: { name: 'secret-hanako', address: 'secret-hanako@example.jp' },
  bcc: 'secret-bcc@example.jp',
  subject: 'secret-subject',
  text: 'secret-text',
  headers: { 'X-Plan': 'secret-text' },
}

const written: string[] = []
const traced: unknown[] = []
const note = (event: unknown): void => void traced.push(event)
const channel = tracingChannel('yuzuru:io')
const subscribers = { start: note, end: note, asyncStart: note, asyncEnd: note, error: note }

beforeEach(() => {
  written.length = 0
  traced.length = 0
  channel.subscribe(subscribers)
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  }
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, name).mockImplementation((...args) => void written.push(inspect(args)))
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  channel.unsubscribe(subscribers)
})

function expectNothingShown(error: unknown): void {
  expect(error).toBeInstanceOf(Error)
  const shown = [error, traced].map(
    (each) => `${inspect(each, { depth: 12, showHidden: true })}${JSON.stringify(each)}`,
  )
  for (const text of [...shown, String((error as Error).stack), ...written]) {
    for (const secret of SECRETS) expect(text).not.toContain(secret)
  }
}

function connect(port: number, options: Partial<SmtpMailOptions> = {}): Mail<unknown> {
  const auth = { user: 'app', password: 'secret-password' }
  const from = 'no-reply@example.jp'
  return createMail({ host: '127.0.0.1', port, auth, from, ...options })
}

const EHLO = '250-scripted\r\n250 AUTH PLAIN'
const REPLIES = ['550 5.1.1', '451 4.3.0', '421 4.7.0', '2500', '999', '250-yes\r\n550']
const STEPS = ['AUTH', 'MAIL', 'RCPT', 'DATA', 'DOT']

describe('nothing of a message, and no password, is in errors, traces and logs', () => {
  for (const step of STEPS) {
    test.each(REPLIES)(`when the server repeats it at ${step}: %j`, async (code) => {
      const replies = { EHLO, AUTH: '235 welcome', [step]: `${code} ${SAID}` }
      await using server = await startScripted({ replies })
      await using mail = connect(server.port, {
        retry: { attempts: 2, baseDelayMs: 0, maxDelayMs: 0 },
      })
      expectNothingShown(await mail.send(message).catch((error: unknown) => error))
      expect(traced.length).toBeGreaterThan(2)
    })
  }

  test.each(['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'DOT'] as const)(
    'when the server falls silent at %s, nor in the task tree meanwhile',
    async (silentAt) => {
      const replies = { EHLO, AUTH: '235 welcome' }
      await using server = await startScripted({ replies, silentAt })
      await using mail = connect(server.port)
      const sending = withTimeout(60_000, async (scope) => {
        const sent = mail.send(message)
        await server.reached
        const tree = formatTaskTree()
        expect(tree).toContain('mail.send')
        for (const secret of SECRETS) expect(tree).not.toContain(secret)
        scope.cancel()
        return await sent
      })
      expectNothingShown(await sending.catch((error: unknown) => error))
    },
  )

  test('when the server hangs up, and what is left is cut off by close', async () => {
    await using server = await startScripted({
      replies: { EHLO, AUTH: '235 welcome' },
      silentAt: 'DOT',
    })
    const mail = connect(server.port, { connections: 1 })
    const ends = [mail.send(message), mail.send(message)].map((each) =>
      each.catch((error: unknown) => error),
    )
    await server.reached
    const { unsent } = (await mail.close({ drainMs: 0 })) as { readonly unsent: unknown }
    expect(unsent).toHaveLength(2)
    for (const end of ends) expectNothingShown(await end)
    for (const secret of SECRETS) expect(inspect(unsent)).not.toContain(secret)
  })

  test.each<[string, object]>([
    ['an address', { to: 'secret-hanako@@example.jp' }],
    ['a name', { to: { name: 'secret-hanako\n', address: 'a@example.jp' } }],
    ['a subject', { subject: 'secret-subject\n' }],
    ['a header', { headers: { 'X-Plan': 'secret-text\n' } }],
    ['a text', { text: { of: 'secret-text' } }],
    ['an unknown field', { 'secret-text@example.jp': 1 }],
    ['a key', { idempotencyKey: 'secret-text', messageId: '<secret-text@x>' }],
    ['an attachment', { attachments: [{ filename: 'secret-text\n', content: 'secret-text' }] }],
    ['a list', { unsubscribe: { url: 'http://secret-text' } }],
  ])('when %s is refused', async (_what, change) => {
    await using mail = connect(1)
    expectNothingShown(await mail.send({ ...message, ...change }).catch((error: unknown) => error))
  })
})
