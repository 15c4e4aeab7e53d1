import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { gather, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import type { Transporter } from 'nodemailer'
import { describe, expect, test } from 'vitest'
import { PSK, STAGES, startScripted } from '../test/scripted-smtp.ts'
import { createMail, type SmtpMailOptions } from './create-mail.ts'
import type { Mail } from './mail.ts'
import { MailError } from './mail-error.ts'

const letter = { to: 'hanako@example.jp', subject: 'こんにちは', text: '花子 様' }

describe('a cancel', () => {
  test.each(STAGES)('at %s closes the socket, tells the outcome, frees the slot', async (stage) => {
    await using server = await startScripted({ silentAt: stage })
    await using mail = connect(server, { connections: 1 })
    using clock = TestClock.install()
    // More than the kernel buffers, so that the body can get stuck.
    const content = Buffer.alloc(stage === 'BODY' ? 16 * 1024 * 1024 : 1)
    const message = { ...letter, attachments: [{ filename: 'plan.pdf', content }] }
    const sending = mail.send(message, { timeoutMs: 5_000 }).catch(caught)
    await server.reached
    await clock.advance(5_000)
    const error = await sending
    expect(error).toMatchObject({
      name: 'TimeoutError',
      outcome: stage === 'DOT' ? 'unknown' : 'none',
    })
    server.goOn()
    await server.hungUp
    // What the kernel still holds of the message must not leave.
    expect(server.wasReset).toBe(true)
    expect(server.log.includes('DOT')).toBe(stage === 'DOT')
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
  })

  test.each(['RCPT', 'BODY', 'DOT'] as const)('at %s does so over TLS', async (stage) => {
    await using server = await startScripted({ silentAt: stage, secure: true })
    await using mail = connect(server, { secure: true, tls: { ...PSK, checkServerIdentity } })
    using clock = TestClock.install()
    const content = Buffer.alloc(stage === 'BODY' ? 16 * 1024 * 1024 : 1)
    const message = { ...letter, attachments: [{ filename: 'plan.pdf', content }] }
    const sending = mail.send(message, { timeoutMs: 5_000 }).catch(caught)
    await server.reached
    await clock.advance(5_000)
    const outcome = stage === 'DOT' ? 'unknown' : 'none'
    expect(await sending).toMatchObject({ name: 'TimeoutError', outcome })
    server.goOn()
    await server.hungUp
    expect(server.log.includes('DOT')).toBe(stage === 'DOT')
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
  })

  test('of a scope around it needs no signal passed by hand', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server)
    using clock = TestClock.install()
    const sending = withTimeout(300, () => mail.send(letter)).catch(caught)
    await server.reached
    await clock.advance(300)
    expect(await sending).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
    await server.hungUp
  })

  test('reaches what is sent with the native client', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server)
    using clock = TestClock.install()
    const native = { from: 'no-reply@example.jp', to: letter.to, text: 'x' }
    const sending = withTimeout(300, () => mail.client.sendMail(native)).catch(caught)
    await server.reached
    await clock.advance(300)
    expect(await sending).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
    await server.hungUp
  })

  test('of a send that waits for a connection leaves the others alone', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 1 })
    const first = mail.send(letter)
    await server.reached
    const controller = new AbortController()
    const second = mail.send(letter, { signal: controller.signal }).catch(caught)
    controller.abort()
    expect(await second).toMatchObject({ name: 'Cancelled' })
    server.goOn()
    await expect(first).resolves.toMatchObject({ rejected: [] })
  })
})

describe('a failing server', () => {
  test('that refuses the connection is connection_failed with outcome none', async () => {
    const server = await startScripted()
    await server[Symbol.asyncDispose]()
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
      retryable: true,
    })
  })

  test('that greets with 554 is connection_failed, with 421 temporarily_rejected', async () => {
    await using server = await startScripted({ replies: { GREETING: '554 no' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'connection_failed', retryable: false })
    server.replies['GREETING'] = '421 later'
    expect(await failure(mail)).toMatchObject({ code: 'temporarily_rejected', retryable: true })
  })

  test('that hangs up before the end of DATA is connection_lost with outcome none', async () => {
    await using server = await startScripted({ hangUpAt: 'DATA' })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'connection_lost', outcome: 'none' })
  })

  test('that says 421 to the message has outcome none', async () => {
    await using server = await startScripted({ replies: { DOT: '421 4.3.2 shutting down' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({
      code: 'temporarily_rejected',
      enhancedCode: '4.3.2',
      outcome: 'none',
    })
  })

  test('that replies nonsense to the message has outcome unknown', async () => {
    await using server = await startScripted({ replies: { DOT: '354 what?' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'unexpected', outcome: 'unknown' })
  })

  test('that refuses the sender is sender_rejected', async () => {
    await using server = await startScripted({ replies: { MAIL: '553 5.7.1 not yours' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'sender_rejected', outcome: 'none' })
  })

  test('that is silent for longer than replyTimeoutMs is timeout', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { replyTimeoutMs: 30 })
    expect(await failure(mail)).toMatchObject({ code: 'timeout', outcome: 'unknown' })
  })

  test('without STARTTLS gets no mail when TLS is required', async () => {
    await using server = await startScripted()
    const auth = { user: 'keikaku', password: 'x' }
    await using mail = connect(server, { startTls: 'required', auth })
    expect(await failure(mail)).toMatchObject({ code: 'connection_failed', retryable: false })
    expect(server.log).toEqual(['GREETING', 'EHLO', 'STARTTLS'])
  })
})

describe('the pool', () => {
  test('sends one after the other over one connection, up to its limit of messages', async () => {
    await using server = await startScripted()
    await using mail = connect(server, { connections: 1, maxMessagesPerConnection: 2 })
    for (let count = 0; count < 5; count += 1) await mail.send(letter)
    expect(server.opened).toBe(3)
    expect(server.peak).toBe(1)
  })

  test('never opens more connections than it may', async () => {
    await using server = await startScripted()
    await using mail = connect(server, { connections: 3, maxMessagesPerConnection: 4 })
    await gather(Array.from({ length: 40 }, () => () => mail.send(letter)))
    expect(server.peak).toBe(3)
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(40)
  })

  test('refuses as overloaded what the queue has no place for', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 1, queue: 1 })
    const first = mail.send(letter)
    await server.reached
    const second = mail.send(letter)
    expect(await failure(mail)).toMatchObject({
      code: 'overloaded',
      outcome: 'none',
      retryable: true,
    })
    server.goOn()
    await Promise.all([first, second])
  })

  test('refuses as overloaded what got no connection within acquireTimeoutMs', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 1, acquireTimeoutMs: 100 })
    const first = mail.send(letter)
    await server.reached
    using clock = TestClock.install()
    const second = failure(mail)
    while (clock.pending === 0) await setImmediate()
    await clock.advance(100)
    expect(await second).toMatchObject({ code: 'overloaded', outcome: 'none' })
    server.goOn()
    await first
  })

  test('closes a connection that was not used for idleTimeoutMs', async () => {
    using clock = TestClock.install()
    await using server = await startScripted()
    await using mail = connect(server, { idleTimeoutMs: 1_000 })
    await mail.send(letter)
    await clock.advance(999)
    await mail.send(letter)
    expect(server.opened).toBe(1)
    await clock.advance(1_000)
    await server.hungUp
    expect(server.log.at(-1)).toBe('QUIT')
    await mail.send(letter)
    expect(server.opened).toBe(2)
  })

  test('sends over a new connection when the kept one turns out to be dead', async () => {
    await using server = await startScripted()
    await using mail = connect(server)
    await mail.send(letter)
    server.hangUpAt = 'MAIL'
    server.hangUps = 1
    await mail.send(letter)
    expect(server.opened).toBe(2)
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(2)
  })

  test('sends over a new connection when the kept one is told 421', async () => {
    await using server = await startScripted()
    await using mail = connect(server)
    await mail.send(letter)
    server.replies['MAIL'] = '421 4.3.2 idle for too long'
    server.onTold = (stage) => {
      if (stage === 'MAIL') delete server.replies['MAIL']
    }
    await mail.send(letter)
    expect(server.opened).toBe(2)
  })

  test('does not repeat a message whose connection broke after the end of DATA', async () => {
    await using server = await startScripted()
    await using mail = connect(server)
    await mail.send(letter)
    server.hangUpAt = 'DOT'
    expect(await failure(mail)).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    expect(server.opened).toBe(1)
  })

  test('tells the server to forget a refused message before it sends the next', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'recipient_rejected' })
    delete server.replies['RCPT']
    await mail.send(letter)
    expect(server.opened).toBe(1)
    expect(server.log).toContain('RSET')
  })
})

test('an address with the dots of old Japanese mobile phones is quoted on the wire', async () => {
  await using server = await startScripted()
  await using mail = connect(server)
  await mail.send({ ...letter, to: 'taro..yamada.@docomo.ne.jp' })
  expect(server.lines).toContain('RCPT TO:<"taro..yamada."@docomo.ne.jp>')
})

test('a send is one call on the tracing channel', async () => {
  await using server = await startScripted()
  await using mail = connect(server)
  const started: unknown[] = []
  const listen = (event: unknown): void => void started.push(event)
  subscribe('tracing:yuzuru:io:start', listen)
  try {
    await mail.send(letter)
  } finally {
    unsubscribe('tracing:yuzuru:io:start', listen)
  }
  expect(started).toEqual([{ boundary: 'mail', operation: 'send', effect: 'write' }])
})

describe('close', () => {
  test('lets what was begun and what waits come to its end', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    const mail = connect(server, { connections: 1 })
    const sends = [mail.send(letter), mail.send(letter)]
    await server.reached
    const closing = mail.close()
    server.goOn()
    await expect(Promise.all(sends)).resolves.toHaveLength(2)
    await closing
    expect(server.open).toBe(0)
    expect(server.log.at(-1)).toBe('QUIT')
  })

  test('ends the native client too', async () => {
    await using server = await startScripted()
    const mail = connect(server)
    await mail.close()
    const native = { from: 'no-reply@example.jp', to: letter.to, text: 'x' }
    const error = await mail.client.sendMail(native).catch(caught)
    expect(error).toMatchObject({ code: 'closed', outcome: 'none' })
    expect(server.opened).toBe(0)
  })

  test('cuts after closeTimeoutMs what does not end, with an honest outcome', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    const mail = connect(server, { connections: 1, closeTimeoutMs: 1_000 })
    const first = failure(mail)
    const second = failure(mail)
    await server.reached
    using clock = TestClock.install()
    const closing = mail.close()
    await clock.advance(1_000)
    expect(await first).toMatchObject({ code: 'closed', outcome: 'unknown' })
    expect(await second).toMatchObject({ code: 'closed', outcome: 'none' })
    await closing
    await server.hungUp
  })
})

function connect(
  { port }: { readonly port: number },
  options: Partial<SmtpMailOptions> = {},
): Mail<Transporter> {
  return createMail({ host: '127.0.0.1', port, from: 'no-reply@example.jp', ...options })
}

/** A shared key leaves no certificate to check. */
function checkServerIdentity(): undefined {
  return undefined
}

function caught(error: unknown): unknown {
  return error
}

async function failure(mail: Mail<unknown>): Promise<MailError> {
  const error = await mail.send(letter).catch(caught)
  if (!MailError.isInstance(error)) throw error
  return error
}
