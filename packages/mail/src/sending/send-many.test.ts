import { setImmediate } from 'node:timers/promises'
import { cancelScope, type CancelScope } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startSmtp } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'
import type { MailMessage } from '../message/mail-message.ts'
import type { SendProgress, SendResult } from './send-many.ts'

interface Source extends AsyncIterable<MailMessage> {
  taken: number
  ended: boolean
}

/** Messages to the end of time, or `count` of them. */
function source(count = Infinity): Source {
  const state = {
    taken: 0,
    ended: false,
    async *[Symbol.asyncIterator]() {
      try {
        while (state.taken < count) {
          state.taken += 1
          yield { ...letter, subject: `mail ${state.taken}` }
        }
      } finally {
        state.ended = true
      }
    },
  }
  return state
}

describe('sendMany', () => {
  test('sends all, and gives each result with its message', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { connections: 3 })
    const results: SendResult[] = []
    const progress: SendProgress[] = []
    const sending = mail.sendMany(source(25), { onProgress: (now) => progress.push(now) })
    for await (const result of sending) results.push(result)
    expect(results.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 25 }, (_, index) => index),
    )
    for (const { index, message, status } of results) {
      expect([message.subject, status]).toEqual([`mail ${index + 1}`, 'fulfilled'])
    }
    expect(server.inbox.messages).toHaveLength(25)
    expect(sending.progress).toEqual({ taken: 25, sent: 25, failed: 0 })
    expect(progress.at(-1)).toEqual(sending.progress)
  })

  test('gives a failure, and an invalid message, as a result, and goes on', async () => {
    await using server = await startSmtp()
    server.setAnswers({
      onRecipient: (address) => (address.startsWith('gone') ? { reject: 550 } : 'accept'),
    })
    await using mail = connect(server)
    const { subject, text } = letter
    const all = ['hanako@example.jp', 'gone@example.jp', 'no address', 'taro@example.jp']
    const messages = all.map((to) => ({ to, subject, text }))
    const results: SendResult[] = []
    for await (const one of mail.sendMany(messages)) {
      results[one.index] = one
    }
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(results[1]).toMatchObject({ reason: { code: 'recipient_rejected', outcome: 'none' } })
    expect(results[2]).toMatchObject({ reason: expect.any(TypeError) })
  })

  test('takes no more from the source than there is room for, while nobody looks at results', async () => {
    await using server = await startScripted()
    await using mail = connect(server, { connections: 2 })
    const messages = source()
    const sending = mail.sendMany(messages, { concurrency: 3 })
    await sending.next()
    for (let turn = 0; turn < 200; turn += 1) await setImmediate()
    expect(messages.taken).toBe(4)
    await sending.return?.()
    expect(messages.ended).toBe(true)
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(4)
  })

  test('gives results as they come, not in the order of the source', async () => {
    await using server = await startSmtp()
    const held = Promise.withResolvers<undefined>()
    server.setAnswers({
      onMessage: ({ subject }) => (subject === 'mail 1' ? held.promise : undefined),
    })
    await using mail = connect(server, { connections: 2 })
    const order: number[] = []
    for await (const { index } of mail.sendMany(source(4), { concurrency: 2 })) {
      order.push(index)
      if (order.length === 3) held.resolve(undefined)
    }
    expect(order).toEqual([1, 2, 3, 0])
  })

  test('lets what is under way come to its end when the loop ends early', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 3 })
    await mail.health()
    const messages = source()
    const sending = mail.sendMany(messages, { concurrency: 3 })
    const first = sending.next()
    while (server.log.filter((stage) => stage === 'DOT').length < 3) await setImmediate()
    const ending = sending.return?.()
    server.goOn()
    await ending
    await first
    expect(sending.progress).toMatchObject({ sent: 3, failed: 0 })
    expect(messages.ended).toBe(true)
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(3)
  })

  test('cuts what does not end within drainMs, with an honest outcome around it', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 1 })
    using clock = TestClock.install()
    const outcome = cancelScope(async (scope) => {
      const sending = mail.sendMany(source(), { concurrency: 1, drainMs: 1_000 })
      const first = sending.next().catch(caught)
      await server.reached
      const ending = sending.return?.()
      await clock.advance(1_000)
      await Promise.all([ending, first])
      return scope.outcome
    })
    expect(await outcome).toBe('unknown')
    await server.hungUp
  })

  test('ends with the scope around it', async () => {
    await using server = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(server, { connections: 2 })
    const messages = source()
    let inner: CancelScope | undefined
    const loop = cancelScope(async (scope) => {
      inner = scope
      for await (const _ of mail.sendMany(messages)) throw new Error('Expected no result')
    }).catch(caught)
    await server.reached
    inner?.cancel('enough')
    expect(await loop).toMatchObject({ name: 'Cancelled', message: 'enough', outcome: 'none' })
    expect(messages.ended).toBe(true)
  })

  test('ends with the client', async () => {
    await using server = await startScripted()
    const mail = connect(server)
    const sending = mail.sendMany(source())
    await sending.next()
    await mail.close()
    const rest = (async () => {
      for await (const _ of sending) continue
    })()
    expect(await rest.catch(caught)).toMatchObject({ code: 'closed' })
  })

  test.each<[string, unknown, object?]>([
    ['nothing to send', undefined],
    ['what is no list', { length: 1 }],
    ['no concurrency', [], { concurrency: 0 }],
    ['a drain below zero', [], { drainMs: -1 }],
    ['progress that is no function', [], { onProgress: 1 }],
  ])('refuses %s', async (_what, messages, options) => {
    await using mail = connect({ port: 1 })
    expect(() => mail.sendMany(messages as never, options as never)).toThrow(TypeError)
  })
})
