import { setImmediate } from 'node:timers/promises'
import { gather } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { connect, failure, letter } from '../../test/local-mail.ts'
import { type Scripted, startScripted } from '../../test/scripted-smtp.ts'

const mails = ({ log }: Scripted): number => log.filter((stage) => stage === 'MAIL').length

/** Lets all that does not wait for the clock happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await setImmediate()
}

describe('limits', () => {
  test('let no more mails leave in any second, over all connections', async () => {
    using clock = TestClock.install()
    await using server = await startScripted()
    const limits = { perSecond: 5, connections: 4 }
    await using mail = connect(server, { limits })
    const sends = gather(Array.from({ length: 12 }, () => () => mail.send(letter)))
    while (mails(server) < 5) await setImmediate()
    await clock.advance(999)
    await settle()
    expect(mails(server)).toBe(5)
    await clock.advance(1)
    while (mails(server) < 10) await setImmediate()
    await clock.advance(999)
    await settle()
    expect(mails(server)).toBe(10)
    await clock.advance(1)
    await sends
    expect(mails(server)).toBe(12)
    expect(server.peak).toBeLessThanOrEqual(4)
  })

  test('count when a mail leaves, not when it begins to wait for a connection', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ silentAt: 'GREETING' })
    await using mail = connect(server, { limits: { perSecond: 2, connections: 4 } })
    const sends = gather(Array.from({ length: 4 }, () => () => mail.send(letter)))
    await server.reached
    // Had they been counted here, four would leave at once below.
    await clock.advance(1_000)
    server.goOn()
    while (mails(server) < 2) await setImmediate()
    await clock.advance(999)
    await settle()
    expect(mails(server)).toBe(2)
    await clock.advance(1)
    await sends
  })

  test('a day has room for so many, and what waits too long is refused with outcome none', async () => {
    using clock = TestClock.install()
    await using server = await startScripted()
    await using mail = connect(server, { limits: { perDay: 3 }, acquireTimeoutMs: 5_000 })
    for (let count = 0; count < 3; count += 1) await mail.send(letter)
    const late = failure(mail)
    while (clock.pending < 2) await setImmediate()
    await clock.advance(5_000)
    expect(await late).toMatchObject({ code: 'acquire_timeout', outcome: 'none', retryable: true })
    await clock.advance(86_400_000)
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(mails(server)).toBe(4)
  })

  test.each([
    ['no mail a second', { perSecond: 0 }],
    ['half a mail a day', { perDay: 0.5 }],
    ['no message a connection', { messagesPerConnection: 0 }],
    ['a misspelt limit', { perSeconds: 1 }],
  ])('refuse %s', (_what, limits) => {
    expect(() => connect({ port: 1 }, { limits: limits as never })).toThrow(TypeError)
  })

  test('refuse connections at two places', () => {
    const twice = { connections: 2, limits: { connections: 2 } }
    expect(() => connect({ port: 1 }, twice)).toThrow(TypeError)
  })
})
