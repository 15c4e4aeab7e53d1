import { setImmediate } from 'node:timers/promises'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../test/local-mail.ts'
import { type Scripted, startScripted } from '../test/scripted-smtp.ts'

const keyed = (idempotencyKey: string): typeof letter & { idempotencyKey: string } => ({
  ...letter,
  idempotencyKey,
})

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
}

async function dots(server: Scripted, count: number): Promise<void> {
  while (server.log.filter((stage) => stage === 'DOT').length < count) await setImmediate()
  await turns()
}

async function said(server: Scripted, stage: string): Promise<void> {
  while (!server.log.includes(stage)) await setImmediate()
  await turns()
}

describe('close', () => {
  test('names each message that it cut off, by its Message-ID and with its outcome', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 1 })
    const keys = ['first', 'second', 'third']
    const sending = keys.map((key) => mail.send(keyed(key)).catch(caught))
    await server.reached
    const { unsent } = await mail.close({ drainMs: 0 })
    expect(unsent.map(({ outcome }) => outcome).toSorted()).toEqual(['none', 'none', 'unknown'])
    expect(new Set(unsent.map(({ messageId }) => messageId)).size).toBe(3)
    expect(JSON.stringify(unsent)).not.toContain('hanako')
    for (const error of await Promise.all(sending)) expect(error).toMatchObject({ code: 'closed' })
    expect(await mail.close()).toEqual({ unsent })
  })

  test('drains to its deadline and no longer: what ended by then was sent, the rest is named', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 1 })
    const first = mail.send(letter)
    const others = ['second', 'third'].map((key) => mail.send(keyed(key)).catch(caught))
    await server.reached
    const state = { isClosed: false }
    const closing = mail.close({ drainMs: 5_000 }).finally(() => (state.isClosed = true))
    await clock.advance(2_000)
    // One answer, and silence again.
    server.onReply = (stage) => {
      if (stage === 'DOT') server.silentAt = 'DOT'
    }
    server.goOn()
    await first
    await dots(server, 2)
    await clock.advance(2_999)
    await turns()
    expect(state.isClosed).toBe(false)
    await clock.advance(1)
    const { unsent } = await closing
    expect(unsent.map(({ outcome }) => outcome).toSorted()).toEqual(['none', 'unknown'])
    for (const error of await Promise.all(others)) expect(error).toMatchObject({ code: 'closed' })
  })

  test('names none when all came to its end in time, nor what was refused', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' } })
    await using mail = connect(server)
    const refused = mail.send(letter).catch(caught)
    expect(await mail.close()).toEqual({ unsent: [] })
    expect(await refused).toMatchObject({ code: 'recipient_rejected' })
  })

  test('names what waits for a further try, and what a server that asks to slow down holds back', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ replies: { MAIL: '421 4.7.0 slow down' } })
    const random = (): number => 1 - 2 ** -53
    const retry = { baseDelayMs: 60_000, random }
    await using mail = connect(server, { connections: 1, retry })
    const tried = mail.send(keyed('tried')).catch(caught)
    await said(server, 'MAIL')
    const held = mail.send(keyed('held')).catch(caught)
    await turns()
    const closing = mail.close({ drainMs: 1_000 })
    const closedAt = clock.now()
    await clock.advance(1_000)
    const { unsent } = await closing
    expect(unsent.map(({ outcome }) => outcome)).toEqual(['none', 'none'])
    expect(new Set(unsent.map(({ messageId }) => messageId)).size).toBe(2)
    expect(await tried).toMatchObject({ code: 'temporarily_rejected', outcome: 'none' })
    expect(await held).toMatchObject({ code: 'closed', outcome: 'none' })
    // It did not have to wait for the brake.
    expect(clock.now() - closedAt).toBe(1_000)
  })
})
