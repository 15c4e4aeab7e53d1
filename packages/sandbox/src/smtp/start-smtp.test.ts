import { once } from 'node:events'
import { mkdtemp, appendFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport, type SentMessageInfo } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { expectMailbox } from './mailbox-syntax.ts'
import { startSmtp, type SmtpServer } from './start-smtp.ts'

const MAIL = {
  from: '"けいかくん" <no-reply@example.jp>',
  to: 'hanako@example.jp',
  subject: '【ケイカくん】メールアドレスの確認をお願いします',
  text: 'こちらのリンクをご確認ください。',
}

async function send(url: string, mail: object = {}): Promise<SentMessageInfo> {
  const transport = createTransport(url)
  try {
    return await transport.sendMail({ ...MAIL, ...mail })
  } finally {
    transport.close()
  }
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'yuzuru-smtp-test-'))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

const refusalOf = (smtp: SmtpServer, mail: object = {}): Promise<unknown> =>
  send(smtp.url, mail).then(
    () => 'sent',
    (error: unknown) => error,
  )

describe('startSmtp', () => {
  it('delivers a Japanese mail to its inbox as it was written', async () => {
    await using smtp = await startSmtp()
    const waiting = smtp.inbox.waitFor({ to: 'HANAKO@example.jp', subject: /確認/ })
    const sent = await send(smtp.url, {
      html: '<p>こちら</p>',
      headers: { 'X-Note': 'a' },
      attachments: [{ filename: '支援計画書.txt', content: 'plan' }],
      bcc: 'archive@example.jp',
    })
    const message = await waiting
    expect(message).toMatchObject({
      messageId: sent.messageId,
      from: 'no-reply@example.jp',
      to: ['hanako@example.jp'],
      subject: MAIL.subject,
      html: '<p>こちら</p>',
      envelope: {
        from: 'no-reply@example.jp',
        to: ['hanako@example.jp', 'archive@example.jp'],
      },
    })
    expect(message.text.trim()).toBe(MAIL.text)
    expect(message.headers['x-note']).toBe('a')
    expect(message.attachments[0]).toMatchObject({ filename: '支援計画書.txt' })
    expect(message.sizeBytes).toBe(message.raw.length)
    expect(smtp.inbox.messages).toEqual([message])
  })

  it('finds a message that is there already, and waits for several', async () => {
    await using smtp = await startSmtp()
    await send(smtp.url)
    expect((await smtp.inbox.waitFor()).subject).toBe(MAIL.subject)
    const three = smtp.inbox.waitForCount(3, (message) => message.from === 'no-reply@example.jp')
    await send(smtp.url)
    await send(smtp.url)
    expect(await three).toHaveLength(3)
  })

  it('says what is in the inbox when the awaited message does not come', async () => {
    await using smtp = await startSmtp()
    await send(smtp.url)
    const waiting = smtp.inbox.waitFor({ to: 'taro@example.jp' }, { timeoutMs: 1 })
    await expect(waiting).rejects.toThrow(`got 0. In the inbox: hanako@example.jp: ${MAIL.subject}`)
  })

  it('stops waiting when its signal aborts', async () => {
    await using smtp = await startSmtp()
    const controller = new AbortController()
    const waiting = smtp.inbox.waitFor({}, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toMatchObject({
      name: 'Cancelled',
      source: 'signal',
      cause: { message: 'enough' },
    })
  })

  it('demands its password where asked to, and never takes a wrong one', async () => {
    await using smtp = await startSmtp({ auth: true })
    await expect(send(`smtp://127.0.0.1:${smtp.port}`)).rejects.toMatchObject({ responseCode: 530 })
    const wrong = `smtp://${smtp.user}:wrong@127.0.0.1:${smtp.port}`
    await expect(send(wrong)).rejects.toMatchObject({ responseCode: 535 })
    expect((await send(smtp.url)).response).toMatch(/^250/)
  })

  it('refuses a recipient on purpose', async () => {
    await using smtp = await startSmtp({
      answers: {
        onRecipient: (address) =>
          address.startsWith('gone') ? { reject: 550, message: 'No such user' } : undefined,
      },
    })
    const sent = await send(smtp.url, { to: ['gone@example.jp', 'hanako@example.jp'] })
    expect(sent.rejected).toEqual(['gone@example.jp'])
    expect((await smtp.inbox.waitFor()).envelope.to).toEqual(['hanako@example.jp'])
  })

  it('refuses a message on purpose', async () => {
    await using smtp = await startSmtp({ answers: { onMessage: () => ({ reject: 451 }) } })
    expect(await refusalOf(smtp)).toMatchObject({ responseCode: 451 })
    expect(smtp.inbox.messages).toEqual([])
    smtp.setAnswers({})
    expect((await send(smtp.url)).response).toMatch(/^250/)
  })

  it('keeps or loses a message and drops the connection before the reply', async () => {
    await using smtp = await startSmtp({ answers: { onMessage: () => ({ drop: 'kept' }) } })
    expect(await refusalOf(smtp)).toMatchObject({ code: expect.stringMatching(/^E(CONN|SOCKET)/) })
    expect(smtp.inbox.messages).toHaveLength(1)
    smtp.setAnswers({ onMessage: () => ({ drop: 'lost' }) })
    expect(await refusalOf(smtp)).toBeInstanceOf(Error)
    expect(smtp.inbox.messages).toHaveLength(1)
  })

  it('refuses answers that there are not', async () => {
    await using server = await startSmtp()
    expect(() => server.setAnswers({ onmessage: () => 'accept' } as never)).toThrow(
      'Expected a known option of setAnswers, got "onmessage"; did you mean "onMessage"?',
    )
    expect(() => server.setAnswers({ onMessage: 'accept' } as never)).toThrow(TypeError)
    await expect(startSmtp({ answers: { onMail: () => 'accept' } as never })).rejects.toThrow(
      TypeError,
    )
    server.setAnswers({ onMessage: () => ({ dorp: 'kept' }) as never })
    await expect(send(server.url)).rejects.toThrow('did you mean "drop"?')
    for (const answer of [{ drop: 'keep' }, { silent: true }, 'reject']) {
      server.setAnswers({ onMessage: () => answer as never })
      await expect(send(server.url)).rejects.toThrow(/Expected 'accept', \{ reject \}/)
    }
    expect(server.inbox.messages).toEqual([])
  })

  it('goes silent after the message', async () => {
    await using smtp = await startSmtp({ answers: { onMessage: () => ({ silent: 'kept' }) } })
    const sending = refusalOf(smtp)
    await smtp.inbox.waitFor()
    await smtp.close()
    expect(await sending).toBeInstanceOf(Error)
  })

  it('refuses a message that is too long', async () => {
    await using smtp = await startSmtp({ maxBytes: 1_000 })
    const error = await refusalOf(smtp, { text: 'x'.repeat(2_000) })
    expect(error).toMatchObject({ responseCode: 552 })
    expect(smtp.inbox.messages).toEqual([])
  })

  it('forgets the oldest message when the inbox is full', async () => {
    await using smtp = await startSmtp({ maxMessages: 2 })
    for (const subject of ['one', 'two', 'three']) await send(smtp.url, { subject })
    expect(smtp.inbox.messages.map(({ subject }) => subject)).toEqual(['two', 'three'])
  })

  it('finds its inbox again in its folder, but for a line cut short', async () => {
    await using folder = await temporaryFolder()
    const dir = folder.path
    await using before = await startSmtp({ dir })
    await send(before.url)
    await before.close()
    await appendFile(join(dir, 'inbox.jsonl'), '{"receivedAt":"2026-')
    await using after = await startSmtp({ dir })
    expect(after.inbox.messages).toEqual(before.inbox.messages)
    await send(after.url, { subject: 'after' })
    await after.close()
    await using last = await startSmtp({ dir })
    expect(last.inbox.messages.map(({ subject }) => subject)).toEqual([MAIL.subject, 'after'])
    await last.inbox.clear()
    expect(last.inbox.messages).toEqual([])
    await last.close()
    await using empty = await startSmtp({ dir })
    expect(empty.inbox.messages).toEqual([])
  })

  it.each([
    ['hanako@example.jp', true],
    ['"taro..yamada."@docomo.ne.jp', true],
    ['"a b"@example.jp', true],
    ['hanako@例え.jp', true],
    ['taro..yamada.@docomo.ne.jp', false],
    ['hanako@', false],
    ['hanako@-example.jp', false],
    ['"a"b"@example.jp', false],
  ])('takes the recipient that RFC 5321 allows, and no other: %s', (address, isTaken) => {
    const check = (): void => expectMailbox(address, 'recipient')
    if (isTaken) expect(check).not.toThrow()
    else expect(check).toThrow('Bad recipient address syntax')
  })

  it('takes a quoted local part on the wire, and refuses what needs quotes', async () => {
    await using smtp = await startSmtp()
    const socket = connect(smtp.port, smtp.host).setEncoding('latin1')
    const say = async (line: string): Promise<string> => {
      if (line !== '') socket.write(`${line}\r\n`)
      const [reply] = (await once(socket, 'data')) as [string]
      return reply
    }
    expect(await say('')).toMatch(/^220/)
    expect(await say('EHLO test')).toMatch(/^250/)
    expect(await say('MAIL FROM:<a..b@example.jp>')).toMatch(/^501/)
    expect(await say('MAIL FROM:<>')).toMatch(/^250/)
    expect(await say('RCPT TO:<"a..b."@docomo.ne.jp>')).toMatch(/^250/)
    expect(await say('RCPT TO:<a..b@docomo.ne.jp>')).toMatch(/^501/)
    socket.destroy()
  })

  it('takes the access token of now by XOAUTH2, and refuses the one before as Google does', async () => {
    await using smtp = await startSmtp({ auth: true })
    const { host, port, user, accessToken } = smtp
    const loggedIn = async (token: string): Promise<string[]> => {
      const socket = connect(port, host).setEncoding('latin1')
      const answers = socket[Symbol.asyncIterator]()
      const said: string[] = []
      const say = async (line: string): Promise<void> => {
        socket.write(`${line}\r\n`)
        said.push(String((await answers.next()).value))
      }
      await answers.next()
      await say('EHLO client')
      await say(`AUTH XOAUTH2 ${btoa(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`)}`)
      if (said.at(-1)?.startsWith('334') === true) await say('')
      socket.destroy()
      return said.slice(1)
    }
    expect((await loggedIn(accessToken))[0]).toMatch(/^235 /)
    const renewed = smtp.renewAccessToken()
    const [why = '', refusal] = await loggedIn(accessToken)
    expect(JSON.parse(atob(why.slice(4)))).toMatchObject({ status: '401', schemes: 'bearer' })
    expect(refusal).toMatch(/^535 /)
    expect((await loggedIn(renewed))[0]).toMatch(/^235 /)
    expect(smtp.accessToken).toBe(renewed)
  })

  it('greets a connection that is one too many with 421', async () => {
    await using smtp = await startSmtp({ connections: 1 })
    const held = connect(smtp.port, smtp.host)
    await once(held, 'data')
    expect(await refusalOf(smtp)).toMatchObject({ responseCode: 421 })
    held.destroy()
  })

  it('refuses wrong options', async () => {
    await expect(startSmtp({ port: -1 })).rejects.toThrow(TypeError)
    await expect(startSmtp({ maxMessages: 0 })).rejects.toThrow(TypeError)
    await expect(startSmtp({ connections: 0 })).rejects.toThrow(TypeError)
    await using smtp = await startSmtp()
    await expect(smtp.inbox.waitForCount(0)).rejects.toThrow(TypeError)
  })
})
