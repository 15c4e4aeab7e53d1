import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { retryBudget } from '@yuzuru/concurrency/resilience'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startSmtp } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { caught, connect, failure, letter } from '../../test/local-mail.ts'
import { type Scripted, startScripted } from '../../test/scripted-smtp.ts'

/** The longest wait each time. */
const random = (): number => 1 - 2 ** -53

const dots = ({ log }: Scripted): number => log.filter((stage) => stage === 'DOT').length

/** Lets the clock run until it has ended. */
async function ended<T>(clock: TestClock, call: Promise<T>): Promise<T> {
  const state = { isOver: false }
  const end = (): void => void (state.isOver = true)
  call.then(end, end)
  while (!state.isOver) {
    if (clock.pending > 0) await clock.advance(250)
    await setImmediate()
  }
  return await call
}

describe('a send with retry', () => {
  test.each(['RCPT', 'MAIL', 'DATA', 'DOT', 'GREETING'])(
    'is tried again after a 4xx at %s',
    async (stage) => {
      using clock = TestClock.install()
      await using server = await startScripted({ replies: { [stage]: '451 4.3.0 later' } })
      let left = 2
      server.onReply = (at) => {
        if (at !== stage || left === 0) return
        left -= 1
        if (left === 0) delete server.replies[stage]
      }
      await using mail = connect(server, { retry: { attempts: 3, random } })
      await expect(ended(clock, mail.send(letter))).resolves.toMatchObject({
        accepted: [letter.to],
      })
      expect(left).toBe(0)
    },
  )

  test.each(['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA'] as const)(
    'is tried again after the connection broke at %s, before the message may have gone out',
    async (hangUpAt) => {
      using clock = TestClock.install()
      await using server = await startScripted({ hangUpAt, hangUps: 2 })
      await using mail = connect(server, { retry: { attempts: 3, random } })
      await expect(ended(clock, mail.send(letter))).resolves.toMatchObject({
        accepted: [letter.to],
      })
      expect(server.hangUps).toBe(0)
      expect(dots(server)).toBe(1)
    },
  )

  test('is tried again where nothing listens', async () => {
    using clock = TestClock.install()
    const server = await startScripted()
    await server[Symbol.asyncDispose]()
    await using mail = connect(server, { retry: { attempts: 3, random } })
    let sockets = 0
    const count = (): void => void (sockets += 1)
    subscribe('net.client.socket', count)
    const error = await ended(clock, failure(mail)).finally(() =>
      unsubscribe('net.client.socket', count),
    )
    expect(error).toMatchObject({ code: 'connection_failed', reason: 'ECONNREFUSED' })
    expect(sockets).toBe(3)
  })

  test('has the same bytes each time; and so has a repeat of the caller with the same key', async () => {
    await using server = await startSmtp()
    const raws: Buffer[] = []
    const fates = [{ reject: 451 }, { drop: 'kept' }, 'accept'] as const
    server.setAnswers({
      onMessage: ({ raw }) => fates[raws.push(Buffer.from(raw)) - 1],
    })
    await using mail = connect(server, { retry: { baseDelayMs: 1 } })
    const html = '<p>支援計画</p>'
    const attachments = [{ filename: '計画.pdf', content: Buffer.alloc(1_000) }]
    const message = { ...letter, html, attachments, idempotencyKey: 'plan-7' }
    const error = await mail.send(message).catch(caught)
    expect(error).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    await mail.send(message)
    expect(raws).toHaveLength(3)
    for (const raw of raws) expect(raw.equals(raws[0] ?? Buffer.alloc(0))).toBe(true)
  })

  test('waits longer each time, gives up after its attempts, and throws the last failure', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { RCPT: '451 4.7.1 greylisted' } })
    const tried: number[] = []
    server.onReply = (stage) => {
      if (stage === 'RCPT') tried.push(clock.now())
    }
    const retry = { attempts: 4, baseDelayMs: 1_000, maxDelayMs: 3_000, random }
    await using mail = connect(server, { retry })
    const error = await ended(clock, failure(mail))
    expect(error).toMatchObject({ code: 'temporarily_rejected', outcome: 'none', status: 451 })
    const waits = tried.slice(1).map((at, index) => at - (tried[index] ?? 0))
    expect(waits).toHaveLength(3)
    // The clock also runs while the mail is on its way.
    for (const [index, leastMs] of [999, 1_999, 2_999].entries()) {
      expect(waits[index]).toBeGreaterThan(leastMs)
    }
  })

  test.each([
    ['a refusal for good', { RCPT: '550 no' }, 'recipient_rejected'],
    ['what may have gone out', { DOT: 'nonsense' }, 'unexpected'],
  ])('is not tried again after %s', async (_what, replies, code) => {
    await using server = await startScripted({ replies })
    await using mail = connect(server, { retry: {} })
    expect(await failure(mail)).toMatchObject({ code })
    expect(server.log.filter((stage) => stage === 'MAIL')).toHaveLength(1)
  })

  test('is not tried again after the connection broke behind the end of DATA', async () => {
    await using server = await startScripted({ hangUpAt: 'DOT' })
    await using mail = connect(server, { retry: {} })
    expect(await failure(mail)).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    expect(server.log.filter((stage) => stage === 'MAIL')).toHaveLength(1)
  })

  test('is not tried again where the wait would pass its deadline', async () => {
    await using server = await startScripted({ replies: { RCPT: '451 later' } })
    await using mail = connect(server, { retry: { baseDelayMs: 60_000, random } })
    const error = await mail.send(letter, { timeoutMs: 30_000 }).catch(caught)
    expect(error).toMatchObject({ code: 'temporarily_rejected' })
  })

  test('is not tried again without a budget', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { RCPT: '451 later' } })
    const budget = retryBudget({ reserve: 3, ratio: 0 })
    await using mail = connect(server, { retry: { attempts: 10, budget } })
    for (let count = 0; count < 5; count += 1) await ended(clock, failure(mail))
    expect(server.log.filter((stage) => stage === 'RCPT')).toHaveLength(5 + 3)
  })

  test('holds no connection while it waits', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { RCPT: '451 later' } })
    await using mail = connect(server, { connections: 1, retry: { baseDelayMs: 60_000, random } })
    const waiting = mail.send(letter)
    while (!server.log.includes('RCPT')) await setImmediate()
    delete server.replies['RCPT']
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    await expect(ended(clock, waiting)).resolves.toMatchObject({ accepted: [letter.to] })
  })

  test('is cancelled while it waits, and ended by close with the failure that it had', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { RCPT: '451 later' } })
    const mail = connect(server, { connections: 1, retry: { baseDelayMs: 60_000, random } })
    const controller = new AbortController()
    const cancelled = mail.send(letter, { signal: controller.signal }).catch(caught)
    const closed = failure(mail)
    while (server.log.filter((stage) => stage === 'RCPT').length < 2) await setImmediate()
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    controller.abort()
    expect(await cancelled).toMatchObject({ name: 'Cancelled', outcome: 'none' })
    const closing = mail.close({ drainMs: 1_000 })
    await clock.advance(1_000)
    await closing
    expect(await closed).toMatchObject({ code: 'temporarily_rejected', outcome: 'none' })
    expect(dots(server)).toBe(0)
  })

  test.each(['421 4.7.0 slow down', '454 4.7.0 Throttling failure'])(
    'that is told to slow down holds back all others, too: %s',
    async (reply) => {
      using clock = TestClock.install()
      await using server = await startScripted({ replies: { MAIL: reply } })
      server.onReply = (stage) => {
        if (stage === 'MAIL') delete server.replies['MAIL']
      }
      const retry = { baseDelayMs: 10_000, random }
      await using mail = connect(server, { connections: 3, retry })
      const first = mail.send(letter)
      while (!server.log.includes('MAIL')) await setImmediate()
      for (let turn = 0; turn < 20; turn += 1) await setImmediate()
      const others = Array.from({ length: 5 }, () => mail.send(letter))
      for (let turn = 0; turn < 50; turn += 1) await setImmediate()
      expect(server.log.filter((stage) => stage === 'MAIL')).toHaveLength(1)
      await clock.advance(9_000)
      for (let turn = 0; turn < 50; turn += 1) await setImmediate()
      expect(dots(server)).toBe(0)
      await ended(clock, Promise.all([first, ...others]))
      expect(dots(server)).toBe(6)
    },
  )

  test.each([
    ['no attempt', { attempts: 0 }],
    ['a delay below zero', { baseDelayMs: -1 }],
    ['a budget that is none', { budget: {} }],
    ['a misspelt option', { attempt: 2 }],
  ])('refuses %s', (_what, retry) => {
    expect(() => connect({ port: 1 }, { retry: retry as never })).toThrow(TypeError)
  })
})
