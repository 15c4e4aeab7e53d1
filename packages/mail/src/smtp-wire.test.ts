import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { gather, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import type { Transporter } from 'nodemailer'
import { describe, expect, test } from 'vitest'
import { createMail, type SmtpMailOptions } from './create-mail.ts'
import type { Mail } from './mail.ts'
import { MailError } from './mail-error.ts'

const letter = { to: 'hanako@example.jp', subject: 'こんにちは', text: '花子 様' }

/** Where a server may fall silent. */
const STAGES = ['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'BODY', 'DOT'] as const
type Stage = (typeof STAGES)[number]

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

function caught(error: unknown): unknown {
  return error
}

async function failure(mail: Mail<unknown>): Promise<MailError> {
  const error = await mail.send(letter).catch(caught)
  if (!MailError.isInstance(error)) throw error
  return error
}

interface Script {
  silentAt?: Stage | undefined
  hangUpAt?: Stage
  /** How often it does so. */
  hangUps: number
  replies: Partial<Record<string, string>>
}

/** A server that says what the test wants. Without PIPELINING, so that each command can be stopped at. */
interface Scripted extends Script, AsyncDisposable {
  readonly port: number
  /** What it was told, in order. */
  readonly log: string[]
  /** The same as whole lines. */
  readonly lines: string[]
  /** Settles when it has fallen silent. */
  readonly reached: Promise<void>
  /** Settles when a connection was closed by the client. */
  readonly hungUp: Promise<void>
  /** How many connections were opened, are open, and were open at once. */
  opened: number
  /** Whether a client cut a connection by a TCP reset. */
  wasReset: boolean
  open: number
  peak: number
  /** Ends the silence. */
  goOn(): void
}

const ANSWERS: Record<string, string> = {
  GREETING: '220 scripted',
  EHLO: '250 scripted',
  DATA: '354 go on',
  QUIT: '221 bye',
  STARTTLS: '502 not here',
}

async function startScripted(script: Partial<Script> = {}): Promise<Scripted> {
  const reached = Promise.withResolvers<void>()
  const hungUp = Promise.withResolvers<void>()
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []
  const leave = (socket: Socket): void => {
    if (sockets.delete(socket)) state.open -= 1
  }
  const tell = (socket: Socket, stage: string): void => {
    if (stage !== 'BODY') state.log.push(stage)
    if (state.hangUpAt === stage && state.hangUps > 0) {
      state.hangUps -= 1
      socket.destroy()
      return
    }
    const reply = (): void => {
      if (stage !== 'BODY')
        socket.write(`${state.replies[stage] ?? ANSWERS[stage] ?? '250 OK'}\r\n`)
      else socket.resume()
      if (stage !== 'QUIT') return
      // From here on it holds nothing for the client.
      leave(socket)
      socket.end()
    }
    if (state.silentAt !== stage) {
      reply()
      return
    }
    if (stage === 'BODY') socket.pause()
    held.push(reply)
    reached.resolve()
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    state.opened += 1
    state.open += 1
    state.peak = Math.max(state.peak, state.open)
    let body = false
    let rest = ''
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      state.wasReset ||= code === 'ECONNRESET'
    })
    socket.once('close', () => {
      leave(socket)
      hungUp.resolve()
    })
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      if (body) {
        if (!rest.endsWith('\r\n.\r\n')) {
          rest = rest.slice(-5)
          tell(socket, 'BODY')
          return
        }
        body = false
        rest = ''
        tell(socket, 'DOT')
        return
      }
      const lines = rest.split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const stage = line.split(/[ :]/)[0] ?? ''
        body = stage === 'DATA'
        state.lines.push(line)
        tell(socket, stage)
      }
    })
    tell(socket, 'GREETING')
  })
  const state: Scripted = {
    hangUps: Infinity,
    replies: {},
    ...script,
    port: 0,
    log: [],
    lines: [],
    reached: reached.promise,
    hungUp: hungUp.promise,
    opened: 0,
    wasReset: false,
    open: 0,
    peak: 0,
    goOn() {
      state.silentAt = undefined
      for (const reply of held.splice(0)) reply()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, { port: (server.address() as AddressInfo).port })
}
