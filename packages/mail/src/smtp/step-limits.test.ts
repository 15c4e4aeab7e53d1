import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { caught, connect, failure, letter } from '../../test/local-mail.ts'
import { type Scripted, startScripted } from '../../test/scripted-smtp.ts'
import type { SmtpMailOptions } from '../create-mail.ts'

/** Settles when the server has replied at `stage`. */
function replied(server: Scripted, stage: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.onReply = (at) => {
    if (at === stage) resolve()
  }
  return promise
}

describe('a server that never comes to the end of its answer', () => {
  test.each(['MAIL', 'RCPT', 'DATA', 'DOT', 'RSET', 'AUTH'] as const)(
    'at %s is given replyTimeoutMs, however often it says a line',
    async (stage) => {
      using clock = TestClock.install()
      const EHLO = '250-scripted\r\n250 AUTH PLAIN'
      await using server = await startScripted({ replies: { [stage]: '250-a line', EHLO } })
      const auth = { user: 'keikaku', password: 'x' }
      const more = stage === 'AUTH' ? { auth } : {}
      await using mail = connect(server, { ...more, connections: 1, replyTimeoutMs: 1_000 })
      if (stage === 'RSET') {
        server.replies['RCPT'] = '550 no'
        await failure(mail)
        delete server.replies['RCPT']
      }
      const reached = replied(server, stage)
      const sending = mail.send(letter).catch(caught)
      await reached
      for (let count = 0; count < 10; count += 1) {
        server.say('250-another')
        await clock.advance(100)
      }
      // A kept connection that is slow to answer RSET is replaced.
      if (stage === 'RSET') expect(await sending).toMatchObject({ accepted: [letter.to] })
      else {
        const outcome = stage === 'DOT' ? 'unknown' : 'none'
        expect(await sending).toMatchObject({ code: 'timeout', retryable: true, outcome })
      }
      expect(clock.pending).toBe(stage === 'RSET' ? 1 : 0)
    },
  )

  test.each<[string, Partial<SmtpMailOptions>]>([
    ['GREETING', {}],
    ['EHLO', {}],
    ['STARTTLS', { startTls: 'required' }],
  ])('at %s is given connectTimeoutMs, however often it says a line', async (stage, options) => {
    using clock = TestClock.install()
    const EHLO = '250-scripted\r\n250 STARTTLS'
    const begun = { GREETING: '220-a line', EHLO: '250-a line', STARTTLS: '220-a line' }
    const replies = { EHLO, [stage]: begun[stage as keyof typeof begun] }
    await using server = await startScripted({ replies })
    await using mail = connect(server, { ...options, connectTimeoutMs: 1_000 })
    const reached = replied(server, stage)
    const sending = failure(mail)
    await reached
    for (let count = 0; count < 10; count += 1) {
      server.say(stage === 'EHLO' ? '250-another' : '220-another')
      await clock.advance(100)
    }
    expect(await sending).toMatchObject({ code: 'timeout', retryable: true, outcome: 'none' })
    expect(clock.pending).toBe(0)
  })

  test('to QUIT does not hold the end of the client', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { QUIT: '221-a line' } })
    const mail = connect(server)
    await mail.send(letter)
    const reached = replied(server, 'QUIT')
    const closing = mail.close()
    await reached
    await clock.advance(1_000)
    await closing
    expect(clock.pending).toBe(0)
  })

  test('to TLS itself is given connectTimeoutMs', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ silentAt: 'GREETING' })
    await using mail = connect(server, { secure: true, connectTimeoutMs: 1_000 })
    const sending = failure(mail)
    await server.reached
    // The beginning of a record that never comes to its end.
    for (let count = 0; count < 10; count += 1) {
      server.drip(Buffer.from(count === 0 ? [0x16, 0x03, 0x03, 0x40, 0x00] : [0x02]))
      await clock.advance(100)
    }
    expect(await sending).toMatchObject({ code: 'timeout', retryable: true, outcome: 'none' })
  })

  test('does not cost the time of one step for the next', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ silentAt: 'MAIL' })
    await using mail = connect(server, { replyTimeoutMs: 1_000 })
    const sending = mail.send(letter)
    await server.reached
    await clock.advance(900)
    const reached = replied(server, 'DATA')
    server.goOn()
    server.silentAt = 'DOT'
    await reached
    await clock.advance(900)
    server.goOn()
    await expect(sending).resolves.toMatchObject({ accepted: [letter.to] })
  })
})
