import { inspect } from 'node:util'
import { startSmtp } from '@yuzuru/sandbox'
import { TestClock } from '@yuzuru/concurrency/testing'
import { createTransport } from 'nodemailer'
import { describe, expect, test } from 'vitest'
import { createMail, type SmtpMailOptions } from './create-mail.ts'
import { html } from './templates/html.ts'
import { MailError } from './mail-error.ts'

const from = 'けいかくん <no-reply@example.jp>'
const letter = { to: 'hanako@example.jp', subject: 'こんにちは', text: '花子 様' }

describe('a message on a real server', () => {
  test('arrives with its Japanese subject, names, text, html and files as written', async () => {
    await using server = await startSmtp()
    await using mail = createMail({ host: server.host, port: server.port, from })
    const content = Buffer.from('%PDF-1.7 …')
    const name = '支援計画書（令和８年度）.pdf'
    await mail.send({
      to: '佐藤 花子 <hanako@example.jp>',
      replyTo: 'office@example.jp',
      subject: '【ケイカくん】メールアドレスの確認をお願いします',
      text: '花子 様\n\n.先頭の点\n確認をお願いします。',
      html: html`<p>${'<花子>'} 様</p>`,
      attachments: [{ filename: name, content, contentType: 'application/pdf' }],
      headers: { 'X-Keikaku': '計画' },
    })
    const message = await server.inbox.waitFor()
    expect(message.subject).toBe('【ケイカくん】メールアドレスの確認をお願いします')
    expect(message.text.trimEnd()).toBe('花子 様\n\n.先頭の点\n確認をお願いします。')
    expect(message.html).toBe('<p>&lt;花子&gt; 様</p>')
    expect(message.from).toBe('no-reply@example.jp')
    expect(message.to).toEqual(['hanako@example.jp'])
    expect(message.headers['reply-to']).toBe('office@example.jp')
    const [attachment] = message.attachments
    expect(attachment).toMatchObject({ filename: name, contentType: 'application/pdf' })
    expect(Buffer.from(attachment?.content ?? []).equals(content)).toBe(true)
  })

  test('of HTML alone has a text, made from it, links and all', async () => {
    await using server = await startSmtp()
    await using mail = createMail({ host: server.host, port: server.port, from })
    const link = 'https://app.example.jp/verify?token=abc'
    const page = html`<p>確認をお願いします。</p>
      <p><a href="${link}">確認する</a></p>`
    const attachments = [{ filename: 'a.txt', content: 'x' }]
    for (const files of [{}, { attachments }]) {
      await mail.send({ to: letter.to, subject: letter.subject, html: page, ...files })
      const message = await server.inbox.waitFor()
      expect(message.text).toContain('確認をお願いします。')
      expect(message.text).toContain(link)
      expect(message.html).toContain('確認する</a>')
      await server.inbox.clear()
    }
  })

  test('has only ASCII header lines of at most 76 characters, however long its subject', async () => {
    await using server = await startSmtp()
    await using mail = createMail({ host: server.host, port: server.port, from })
    const subject = '令和８年度の支援計画書について、'.repeat(20)
    await mail.send({ ...letter, subject, idempotencyKey: 'k' })
    const message = await server.inbox.waitFor()
    expect(message.subject).toBe(subject)
    const [head = ''] = Buffer.from(message.raw).toString('latin1').split('\r\n\r\n')
    for (const line of head.split('\r\n')) expect(line).toMatch(/^[\t -~]{1,76}$/)
  })

  test('is refused with invalid_message when it is larger than maxBytes', async () => {
    await using server = await startSmtp()
    const { host, port } = server
    await using mail = createMail({ host, port, from, maxBytes: 1_000 })
    const error = await mail.send({ ...letter, text: 'x'.repeat(1_000) }).catch(caught)
    expect(error).toMatchObject({ code: 'invalid_message', outcome: 'none', retryable: false })
  })
})

describe('recipients', () => {
  test('that are refused come with their codes, as they were passed in', async () => {
    await using server = await startSmtp()
    server.setAnswers({
      onRecipient: (address) => {
        if (address.startsWith('gone')) return { reject: 550, message: '5.1.1 no such user' }
        return address.startsWith('"full') ? { reject: 452, message: '4.2.2 full' } : 'accept'
      },
    })
    await using mail = createMail({ host: server.host, port: server.port, from })
    const to = ['花子 <hanako@例え.jp>', 'gone@例え.jp', 'full..box.@docomo.ne.jp']
    const sent = await mail.send({ ...letter, to })
    expect(sent.accepted).toEqual(['hanako@例え.jp'])
    expect(sent.rejected).toEqual([
      { address: 'gone@例え.jp', code: 550, enhanced: '5.1.1', retryable: false },
      { address: 'full..box.@docomo.ne.jp', code: 452, enhanced: '4.2.2', retryable: true },
    ])
    const error = await mail.send({ ...letter, to: to.slice(1) }).catch(caught)
    if (!MailError.isInstance(error)) throw error
    expect(error).toMatchObject({ code: 'temporarily_rejected', status: 452 })
    expect(error.rejected).toEqual(sent.rejected)
    expect(printed(error)).not.toMatch(/gone|full\.\./)
  })

  test('of old Japanese mobile phones are the same with and without quotes', async () => {
    await using server = await startSmtp()
    await using mail = createMail({ host: server.host, port: server.port, from })
    const to = ['a..b@docomo.ne.jp', '"c.."@ezweb.ne.jp', '"a..b"@docomo.ne.jp']
    const { accepted } = await mail.send({ ...letter, to })
    expect(accepted.toSorted()).toEqual(to.toSorted())
    const { envelope, raw } = await server.inbox.waitFor()
    expect(envelope.to).toHaveLength(2)
    expect(Buffer.from(raw).toString()).toMatch(/^To: <"a\.\.b"@docomo\.ne\.jp>, /m)
  })

  test('of a client passed in are named as they were passed in, too', async () => {
    await using server = await startSmtp()
    server.setAnswers({
      onRecipient: (address) => (address.startsWith('gone') ? { reject: 550 } : 'accept'),
    })
    const client = createTransport({ host: server.host, port: server.port })
    await using mail = createMail({ client, from })
    const sent = await mail.send({ ...letter, to: ['a..b@docomo.ne.jp', 'gone@例え.jp'] })
    expect(sent.accepted).toEqual(['a..b@docomo.ne.jp'])
    expect(sent.rejected).toMatchObject([{ address: 'gone@例え.jp', code: 550 }])
  })
})

describe('a login', () => {
  test('with a wrong password is unauthenticated, and nothing shows the password', async () => {
    await using server = await startSmtp({ auth: true })
    const { host, port, user } = server
    await using mail = createMail({ host, port, from, auth: { user, password: 'hunter2' } })
    const error = await mail.health().catch(caught)
    expect(error).toMatchObject({ code: 'unauthenticated', status: 535, outcome: 'none' })
    expect(printed(error)).not.toMatch(/hunter2|aHVudGVyMg/)
  })

  test('that is missing is unauthenticated', async () => {
    await using server = await startSmtp({ auth: true })
    await using mail = createMail({ host: server.host, port: server.port, from })
    expect(await mail.send(letter).catch(caught)).toMatchObject({ code: 'unauthenticated' })
  })
})

describe('a client passed in', () => {
  test('sends, is not closed, and cannot be used through us once we are closed', async () => {
    await using server = await startSmtp()
    const client = createTransport({ host: server.host, port: server.port, pool: true })
    const mail = createMail({ client, from })
    const { accepted, messageId } = await mail.send(letter)
    expect(accepted).toEqual(['hanako@example.jp'])
    expect((await server.inbox.waitFor()).messageId).toBe(messageId)
    await mail.health()
    await mail.close()
    expect(await mail.send(letter).catch(caught)).toMatchObject({ code: 'closed' })
    await client.sendMail({ ...letter, from: 'no-reply@example.jp' })
    client.close()
  })

  test('obeys a cancel, with outcome unknown, as it does not say how far it came', async () => {
    await using server = await startSmtp()
    const reached = Promise.withResolvers<void>()
    server.setAnswers({
      onRecipient: () => {
        reached.resolve()
        return new Promise(() => undefined)
      },
    })
    const client = createTransport({ host: server.host, port: server.port })
    await using mail = createMail({ client, from })
    using clock = TestClock.install()
    const sending = mail.send(letter, { timeoutMs: 1_000 }).catch(caught)
    await reached.promise
    await clock.advance(1_000)
    expect(await sending).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })

  test('is waited for by close, and given up after drainMs with an honest outcome', async () => {
    const arrived = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<object>()
    const client = {
      sendMail: ({ to }: { to?: unknown }) => {
        arrived.resolve()
        return JSON.stringify(to).includes('quick') ? answer.promise : new Promise<never>(() => {})
      },
      verify: () => Promise.resolve(true),
    }
    const mail = createMail({ client, from })
    const quick = mail.send({ ...letter, to: 'quick@example.jp' })
    const hanging = mail.send(letter).catch(caught)
    await arrived.promise
    using clock = TestClock.install()
    const closed = mail.close({ drainMs: 1_000 })
    expect(await mail.send(letter).catch(caught)).toMatchObject({ code: 'closed' })
    answer.resolve({ accepted: ['quick@example.jp'] })
    await expect(quick).resolves.toMatchObject({ accepted: ['quick@example.jp'] })
    await clock.advance(1_000)
    expect(await hanging).toMatchObject({ code: 'closed', outcome: 'unknown', retryable: false })
    await closed
  })

  test('that refuses a recipient fails as our own does', async () => {
    await using server = await startSmtp()
    server.setAnswers({ onRecipient: () => ({ reject: 550, message: 'no hanako here' }) })
    const client = createTransport({ host: server.host, port: server.port })
    await using mail = createMail({ client, from })
    const error = await mail.send(letter).catch(caught)
    expect(error).toMatchObject({ code: 'recipient_rejected', outcome: 'none', retryable: false })
  })
})

describe('options', () => {
  const smtp: SmtpMailOptions = { host: '127.0.0.1', port: 25, from }
  test.each<[string, object]>([
    ['no host', { host: '' }],
    ['no sender', { from: 'nobody' }],
    ['an invalid domain', { domain: 'a b' }],
    ['no connection', { connections: 0 }],
    ['half a place in the queue', { queue: 0.5 }],
    ['no message a connection', { limits: { messagesPerConnection: 0 } }],
    ['a time below zero', { idleTimeoutMs: -1 }],
    ['a misspelt startTls', { startTls: 'requierd' }],
    ['a port out of range', { port: 65_536 }],
    ['secure that is no boolean', { secure: 'yes' }],
    ['a client name of two lines', { clientName: 'a\r\nMAIL' }],
    ['a login without password', { auth: { user: 'x' } }],
    ['a client and a host', { client: createTransport({ jsonTransport: true }) }],
  ])('with %s are refused', (_what, change) => {
    expect(() => createMail({ ...smtp, ...change } as SmtpMailOptions)).toThrow(TypeError)
  })

  test('with something else for a client are refused', () => {
    expect(() => createMail({ client: {} as never, from })).toThrow(TypeError)
  })
})

test('an error shows neither an address nor what the server said when it is printed', async () => {
  await using server = await startSmtp()
  const message = 'no such user hanako@example.jp'
  server.setAnswers({ onRecipient: () => ({ reject: 550, message }) })
  await using mail = createMail({ host: server.host, port: server.port, from })
  const error = await mail.send(letter).catch(caught)
  if (!MailError.isInstance(error)) throw error
  expect(error.rejected).toEqual([
    { address: 'hanako@example.jp', code: 550, enhanced: undefined, retryable: false },
  ])
  expect(error.response).toContain('hanako')
  expect(printed(error)).not.toContain('hanako')
})

function caught(error: unknown): unknown {
  return error
}

/** What a logger might write of it. */
function printed(error: unknown): string {
  return `${inspect(error, { depth: 10, showHidden: true })}${JSON.stringify(error)}`
}
