import { gather } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startSmtp } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { caught, connect, failure, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'

const many = (count: number, send: () => Promise<unknown>): Promise<readonly unknown[]> =>
  gather(Array.from({ length: count }, () => send))

describe('a server that takes only so many connections', () => {
  test.each([
    { most: 1, connections: 2 },
    { most: 1, connections: 5 },
    { most: 3, connections: 5 },
  ])('gets every mail over those that it takes: %o', async ({ most, connections }) => {
    await using server = await startScripted({ most })
    await using mail = connect(server, { connections, queue: 100 })
    await many(40, () => mail.send(letter))
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(40)
    expect(server.peak).toBeLessThanOrEqual(most)
    // It is not asked again and again.
    expect(server.turnedAway).toBeLessThanOrEqual(connections)
  })

  test.each([
    '554 5.7.0 too many connections from your host',
    '550 5.7.1 no more than one session',
    '450 4.7.1 later',
    '',
  ])('gets every mail, however it refuses a further one: %j', async (turnsAwayWith) => {
    await using server = await startScripted({ most: 1, turnsAwayWith })
    await using mail = connect(server, { connections: 5, queue: 100 })
    await many(40, () => mail.send(letter))
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(40)
    expect(server.turnedAway).toBeLessThanOrEqual(5)
  })

  test.each([
    ['554 5.7.1 you are blocked', { code: 'connection_failed', status: 554, retryable: false }],
    ['', { code: 'connection_failed', status: undefined, retryable: true }],
  ])('that takes none says so to all, and is no smaller later: %j', async (words, error) => {
    await using server = await startScripted({ most: 0, turnsAwayWith: words })
    await using mail = connect(server, { connections: 3 })
    const errors = await Promise.all(Array.from({ length: 6 }, () => failure(mail)))
    for (const each of errors) expect(each).toMatchObject({ ...error, outcome: 'none' })
    server.most = undefined
    await many(10, () => mail.send(letter))
    expect(server.peak).toBe(3)
  })

  test('is asked for one more when some time has passed, and gets it if it is taken', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ most: 1 })
    await using mail = connect(server, { connections: 3 })
    await many(10, () => mail.send(letter))
    const { turnedAway } = server
    await many(10, () => mail.send(letter))
    expect(server.turnedAway).toBe(turnedAway)
    server.most = 3
    for (let minutes = 0; minutes < 12; minutes += 1) {
      await clock.advance(60_000)
      await many(10, () => mail.send(letter))
    }
    expect(server.turnedAway).toBe(turnedAway)
    expect(server.peak).toBe(3)
  })

  test('that takes none refuses the mail: nobody of ours is at work', async () => {
    await using server = await startScripted({ most: 0 })
    await using mail = connect(server, { connections: 3 })
    const errors = await Promise.all(Array.from({ length: 6 }, () => failure(mail)))
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'temporarily_rejected', status: 421, outcome: 'none' })
    }
  })

  test('refuses what waits for the others for longer than acquireTimeoutMs', async () => {
    await using server = await startScripted({ most: 1, silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 2, acquireTimeoutMs: 1_000 })
    const first = mail.send(letter)
    await server.reached
    using clock = TestClock.install()
    const second = failure(mail)
    while (server.turnedAway === 0 || clock.pending < 1) await new Promise(setImmediate)
    await clock.advance(1_000)
    expect(await second).toMatchObject({ code: 'temporarily_rejected', outcome: 'none' })
    server.goOn()
    await first
  })

  test('lets a cancel and a close through while a mail waits for the others', async () => {
    await using server = await startScripted({ most: 1, silentAt: 'RCPT' })
    const mail = connect(server, { connections: 3 })
    const first = mail.send(letter).catch(caught)
    await server.reached
    const controller = new AbortController()
    const second = mail.send(letter, { signal: controller.signal }).catch(caught)
    const third = mail.send(letter).catch(caught)
    while (server.turnedAway < 2) await new Promise(setImmediate)
    controller.abort()
    expect(await second).toMatchObject({ name: 'Cancelled', outcome: 'none' })
    await mail.close({ drainMs: 0 })
    expect(await first).toMatchObject({ code: 'closed', outcome: 'none' })
    expect(await third).toMatchObject({ outcome: 'none' })
    await server.hungUp
    expect(server.open).toBe(0)
  })

  test('of the sandbox gets every mail, too', async () => {
    await using server = await startSmtp({ connections: 2 })
    await using mail = connect(server, { connections: 5, queue: 100 })
    await many(20, () => mail.send(letter))
    expect(server.inbox.messages).toHaveLength(20)
  })
})
