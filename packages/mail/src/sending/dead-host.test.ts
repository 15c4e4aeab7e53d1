import { setImmediate } from 'node:timers/promises'
import { retryBudget } from '@yuzuru/concurrency/resilience'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { type Scripted, startScripted } from '../../test/scripted-smtp.ts'

const MAILS = 50

const dots = ({ log }: Scripted): number => log.filter((stage) => stage === 'DOT').length

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
}

const many = <T>(send: () => Promise<T>): Promise<T>[] => Array.from({ length: MAILS }, send)

describe('50 messages to a dead host', () => {
  test('do not stop those of another client', async () => {
    await using dead = await startScripted({ silentAt: 'GREETING' })
    await using alive = await startScripted()
    await using stuck = connect(dead)
    await using mail = connect(alive)
    const sending = many(() => stuck.send(letter).catch(caught))
    await dead.reached
    await Promise.all(many(() => mail.send(letter)))
    expect(dots(alive)).toBe(MAILS)
    const { unsent } = await stuck.close({ drainMs: 0 })
    expect(unsent).toHaveLength(MAILS)
    for (const error of await Promise.all(sending)) {
      expect(error).toMatchObject({ code: 'closed', outcome: 'none' })
    }
  })

  test('go over the next server soon, and so do others', async () => {
    using clock = TestClock.install()
    await using dead = await startScripted({ silentAt: 'GREETING' })
    await using alive = await startScripted()
    const failover = [{ host: '127.0.0.1', port: alive.port }]
    await using mail = connect(dead, { connections: 5, connectTimeoutMs: 1_000, failover })
    const sending = many(() => mail.send(letter))
    await dead.reached
    await turns()
    // Those that got a connection before the third failure have a time-out of their own.
    for (let round = 0; round < 2; round += 1) {
      await clock.advance(1_000)
      await turns()
    }
    await Promise.all(sending)
    await mail.send(letter)
    expect(dead.opened).toBeLessThan(10)
    expect(dots(alive)).toBe(MAILS + 1)
  })

  test('hold no connection while they wait to be tried again', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { RCPT: '451 4.4.1 no answer from host' } })
    const budget = retryBudget({ reserve: MAILS + 1 })
    const retry = { baseDelayMs: 60_000, random: () => 1 - 2 ** -53, budget }
    await using mail = connect(server, { connections: 2, retry })
    const sending = many(() => mail.send(letter).catch(caught))
    while (server.log.filter((stage) => stage === 'RCPT').length < MAILS) await setImmediate()
    delete server.replies['RCPT']
    await turns()
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(dots(server)).toBe(1)
    const closing = mail.close({ drainMs: 0 })
    await clock.advance(0)
    expect((await closing).unsent).toHaveLength(MAILS)
    await Promise.all(sending)
  })
})
