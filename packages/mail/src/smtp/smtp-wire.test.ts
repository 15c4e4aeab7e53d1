import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { PSK, STAGES, startScripted } from '../../test/scripted-smtp.ts'

describe('a cancel', () => {
  test.each(STAGES)(
    'at %s closes the socket, reports the outcome, frees its permit',
    async (stage) => {
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
    },
  )

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

/** A shared key leaves no certificate to check. */
function checkServerIdentity(): undefined {
  return undefined
}
