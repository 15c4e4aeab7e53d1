import { tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { withTimeout } from '@yuzuru/concurrency'
import { formatTaskTree } from '@yuzuru/concurrency/inspect'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startScripted } from '../test/scripted-smtp.ts'
import { createMail, type SmtpMailOptions } from './create-mail.ts'
import type { Mail } from './mail.ts'
import { nativeErrorOf } from './native-error.ts'
import { previews } from './previews/previews.ts'
import { defineTemplate } from './templates/template.ts'
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

  test.each<[string, object]>([
    ['an error of its own', {}],
    ['its words for the connection', { code: 'ESOCKET', originalCode: 'ECONNRESET' }],
    ['its words for the login', { code: 'EAUTH' }],
    ['its words for the message', { code: 'EMESSAGE', response: SAID }],
    ['its words for a refusal', { code: 'EENVELOPE', response: `550 ${SAID}`, responseCode: 550 }],
    ['a code of words', { code: SAID, responseCode: SAID, rejected: [SAID], errno: SAID }],
  ])('when a client that was passed in fails with %s', async (_what, fields) => {
    const native = Object.assign(new Error(`not verified: ${SAID}`, { cause: SAID }), fields)
    const client = { sendMail: () => Promise.reject(native), verify: () => Promise.reject(native) }
    await using mail = createMail({ client, from: 'no-reply@example.jp' })
    for (const call of [mail.send(message), mail.health()]) {
      expectNothingShown(await call.catch((error: unknown) => error))
    }
    const error: unknown = await mail.send(message).catch((reason: unknown) => reason)
    expect(nativeErrorOf(error)).toBe(native)
  })

  test('when a client that was passed in throws what is no error', async () => {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- on purpose
    const fail = (): Promise<never> => Promise.reject(SAID)
    await using mail = createMail({
      client: { sendMail: fail, verify: fail },
      from: 'no-reply@example.jp',
    })
    const error: unknown = await mail.send(message).catch((reason: unknown) => reason)
    expectNothingShown(error)
    expect(nativeErrorOf(error)).toBeUndefined()
  })

  test.each(REPLIES)('when the native client sends, and the server says %j', async (code) => {
    const replies = { EHLO, AUTH: '235 welcome', RCPT: `${code} ${SAID}` }
    await using server = await startScripted({ replies })
    await using mail = createMail({
      host: '127.0.0.1',
      port: server.port,
      auth: { user: 'app', password: 'secret-password' },
      from: 'no-reply@example.jp',
    })
    const native = { from: 'a@example.jp', to: 'secret-hanako@example.jp', text: 'secret-text' }
    expectNothingShown(await mail.client.sendMail(native).catch((error: unknown) => error))
  })

  test('when a preview can not be sent to its reader', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error(SAID))
    await using mail = createMail({
      client: { sendMail: fail, verify: fail },
      from: 'no-reply@example.jp',
    })
    const template = defineTemplate<object>()(
      { ja: { subject: () => 'x', text: () => 'x' } },
      { name: 'hello', sample: {} },
    )
    const show = previews([template], { sendTo: { mail, to: 'secret-hanako@example.jp' } })
    const origin = 'http://localhost'
    const request = new Request(`${origin}/hello/ja/send`, { method: 'POST', headers: { origin } })
    const response = await show(request, { incoming: { socket: { remoteAddress: '::1' } } })
    expect(response.status).toBe(502)
    const page = await response.text()
    for (const secret of SECRETS) expect(page).not.toContain(secret)
    expectNothingShown(new Error('nothing else is thrown'))
  })
})
