import { setImmediate } from 'node:timers/promises'
import { gather } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { caught, connect, failure, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'

describe('the pool', () => {
  test('sends one after the other over one connection, up to its limit of messages', async () => {
    await using server = await startScripted()
    await using mail = connect(server, { connections: 1, limits: { messagesPerConnection: 2 } })
    for (let count = 0; count < 5; count += 1) await mail.send(letter)
    expect(server.opened).toBe(3)
    expect(server.peak).toBe(1)
  })

  test('never opens more connections than it may', async () => {
    await using server = await startScripted()
    await using mail = connect(server, { connections: 3, limits: { messagesPerConnection: 4 } })
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

  test('refuses as acquire_timeout what got no connection within acquireTimeoutMs', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 1, acquireTimeoutMs: 100 })
    const first = mail.send(letter)
    await server.reached
    using clock = TestClock.install()
    const second = failure(mail)
    while (clock.pending === 0) await setImmediate()
    await clock.advance(100)
    expect(await second).toMatchObject({ code: 'acquire_timeout', outcome: 'none' })
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

  test('sends over a new connection when the kept one answers 421', async () => {
    await using server = await startScripted()
    await using mail = connect(server)
    await mail.send(letter)
    server.replies['MAIL'] = '421 4.3.2 idle for too long'
    server.onReply = (stage) => {
      if (stage === 'MAIL') delete server.replies['MAIL']
    }
    await mail.send(letter)
    expect(server.opened).toBe(2)
  })

  test.each([
    ['MAIL', '451 4.4.2 Timeout waiting for data from client.'],
    ['MAIL', '421 4.4.2 idle for too long'],
    ['RCPT', '421 4.3.2 shutting down'],
    ['DATA', '451 4.4.2 Timeout waiting for data from client.'],
  ] as const)(
    'sends over a new connection when the kept one ends at %s: %s',
    async (stage, reply) => {
      await using server = await startScripted()
      await using mail = connect(server, { connections: 1 })
      await mail.send(letter)
      server.replies[stage] = reply
      server.onReply = (at) => {
        if (at === stage) delete server.replies[stage]
      }
      await mail.send(letter)
      expect(server.opened).toBe(2)
      expect(server.log.filter((at) => at === 'DOT')).toHaveLength(2)
    },
  )

  test('does not try for ever a server that ends every session at MAIL', async () => {
    await using server = await startScripted()
    await using mail = connect(server, { connections: 1 })
    await mail.send(letter)
    server.replies['MAIL'] = '451 4.4.2 Timeout waiting for data from client.'
    expect(await failure(mail)).toMatchObject({
      code: 'temporarily_rejected',
      enhancedCode: '4.4.2',
      outcome: 'none',
    })
    expect(server.opened).toBe(2)
  })

  test('has a message compiled and written only when it has a connection', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 1 })
    let compiled = 0
    mail.client.use('compile', (_mail, done) => {
      compiled += 1
      done()
    })
    const sends = Array.from({ length: 5 }, () => mail.send(letter))
    await server.reached
    expect(compiled).toBe(1)
    server.goOn()
    await Promise.all(sends)
    expect(compiled).toBe(5)
  })

  test('does not repeat a message whose connection broke after the end of DATA', async () => {
    await using server = await startScripted()
    await using mail = connect(server)
    await mail.send(letter)
    server.hangUpAt = 'DOT'
    expect(await failure(mail)).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    expect(server.opened).toBe(1)
  })

  test('has the server forget a refused message before it sends the next', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'recipient_rejected' })
    delete server.replies['RCPT']
    await mail.send(letter)
    expect(server.opened).toBe(1)
    expect(server.log).toContain('RSET')
  })
})

describe('a message after a refused one', () => {
  const replies = ['500 no', '421 closing', '451 later', '502 unknown', '354 what?', 'nonsense']

  test.each(replies)('goes over a new connection when RSET is answered: %s', async (reply) => {
    await using server = await startScripted({ replies: { RCPT: '550 no', RSET: reply } })
    await using mail = connect(server, { connections: 1 })
    expect(await failure(mail)).toMatchObject({ code: 'recipient_rejected' })
    delete server.replies['RCPT']
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(server.log.filter((stage) => stage === 'RSET')).toHaveLength(1)
    expect(server.opened).toBe(2)
  })

  test('goes over a new connection when the server hangs up at RSET', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' }, hangUpAt: 'RSET' })
    await using mail = connect(server, { connections: 1 })
    await failure(mail)
    delete server.replies['RCPT']
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(server.opened).toBe(2)
  })

  test('goes over a new connection when RSET is not answered', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' }, silentAt: 'RSET' })
    await using mail = connect(server, { connections: 1 })
    await failure(mail)
    delete server.replies['RCPT']
    using clock = TestClock.install()
    const sending = mail.send(letter)
    await server.reached
    await clock.advance(5_000)
    await expect(sending).resolves.toMatchObject({ accepted: [letter.to] })
    expect(server.opened).toBe(2)
  })

  test('is cancelled at RSET like anywhere else, and the next one is sent', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' }, silentAt: 'RSET' })
    await using mail = connect(server, { connections: 1 })
    await failure(mail)
    delete server.replies['RCPT']
    const controller = new AbortController()
    const sending = mail.send(letter, { signal: controller.signal }).catch(caught)
    await server.reached
    controller.abort()
    expect(await sending).toMatchObject({ name: 'Cancelled', outcome: 'none' })
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
  })

  test('a verify meets a server that refuses RSET: the new connection is good', async () => {
    await using server = await startScripted({ replies: { RSET: '500 no' } })
    await using mail = connect(server, { connections: 1 })
    await mail.health()
    await mail.health()
    expect(server.opened).toBe(2)
  })
})

describe('a cancel at any moment', () => {
  // How far a send comes in a microtask, or a turn of the loop, is no promise: so all of them.
  const moments = range(0, 40).map((ticks) => ({ ticks, turns: 0 }))
  const later = range(1, 25).map((turns) => ({ ticks: 0, turns }))

  test.each([...moments, ...later])(
    'spoils no later send and no close: after %o',
    async ({ ticks, turns }) => {
      await using server = await startScripted({
        replies: { EHLO: '250-scripted\r\n250 AUTH PLAIN' },
      })
      const auth = { user: 'keikaku', password: 'x' }
      const mail = connect(server, { connections: 1, auth })
      const controller = new AbortController()
      const cancelled = mail.send(letter, { signal: controller.signal }).catch(caught)
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
      for (let turn = 0; turn < turns; turn += 1) await setImmediate()
      controller.abort()
      await cancelled
      await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
      await mail.close()
      expect(server.open).toBe(0)
      expect(server.log.join(' ')).not.toContain('EHLO MAIL')
    },
  )
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

  test('cuts after drainMs what does not end, with an honest outcome', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    const mail = connect(server, { connections: 1 })
    const first = failure(mail)
    const second = failure(mail)
    await server.reached
    using clock = TestClock.install()
    const closing = mail.close({ drainMs: 1_000 })
    await clock.advance(1_000)
    expect(await first).toMatchObject({ code: 'closed', outcome: 'unknown' })
    expect(await second).toMatchObject({ code: 'closed', outcome: 'none' })
    await closing
    await server.hungUp
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
