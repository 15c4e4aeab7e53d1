import { describe, expect, test } from 'vitest'
import { TestClock } from '@yuzuru/concurrency/testing'
import { caught, connect, failure, letter } from '../../test/local-mail.ts'
import { type Script, type Scripted, startScripted } from '../../test/scripted-smtp.ts'
import type { Mail } from '../mail.ts'

const to = ({ port }: Scripted): { host: string; port: number } => ({ host: '127.0.0.1', port })
const dots = ({ log }: Scripted): number => log.filter((stage) => stage === 'DOT').length

describe('with a further server', () => {
  test.each<[string, Partial<Script>]>([
    ['has no connection', { hangUpAt: 'GREETING' }],
    ['greets with 421', { replies: { GREETING: '421 full' } }],
    ['takes no login', { replies: { EHLO: '250-x\r\n250 AUTH PLAIN', AUTH: '535 no' } }],
    ['refuses for now', { replies: { RCPT: '451 later' } }],
    ['breaks off before the end of DATA', { hangUpAt: 'DATA' }],
    ['refuses the message for now', { replies: { DOT: '451 later' } }],
  ])('a mail goes over it when the first %s', async (_what, script) => {
    await using first = await startScripted(script)
    await using second = await startScripted()
    const auth = { user: 'keikaku', password: 'x' }
    await using mail = connect(first, {
      ...(script.replies?.['AUTH'] === undefined ? {} : { auth }),
      connections: 1,
      failover: [to(second)],
    })
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(dots(second)).toBe(1)
    const native = { from: 'no-reply@example.jp', to: letter.to, text: 'x' }
    await mail.client.sendMail(native)
    expect(dots(second)).toBe(2)
  })

  test.each<[string, Partial<Script>, object]>([
    ['broke off after the end of DATA', { hangUpAt: 'DOT' }, { outcome: 'unknown' }],
    ['said nonsense to the message', { replies: { DOT: 'x' } }, { outcome: 'unknown' }],
    ['refused it for good', { replies: { RCPT: '550 no' } }, { code: 'recipient_rejected' }],
    ['refused its content', { replies: { DOT: '554 spam' } }, { code: 'message_rejected' }],
  ])('a mail does not go over it when the first %s', async (_what, script, error) => {
    await using first = await startScripted(script)
    await using second = await startScripted()
    await using mail = connect(first, { failover: [to(second)] })
    expect(await failure(mail)).toMatchObject(error)
    expect(second.opened).toBe(0)
  })

  test('a cancel ends it at the first', async () => {
    await using first = await startScripted({ silentAt: 'RCPT' })
    await using second = await startScripted()
    await using mail = connect(first, { failover: [to(second)] })
    const controller = new AbortController()
    const sending = mail.send(letter, { signal: controller.signal }).catch(caught)
    await first.reached
    controller.abort()
    expect(await sending).toMatchObject({ name: 'Cancelled', outcome: 'none' })
    expect(second.opened).toBe(0)
  })

  test('a failure of the last one is thrown', async () => {
    await using first = await startScripted({ hangUpAt: 'GREETING' })
    await using second = await startScripted({ replies: { RCPT: '451 later' } })
    await using mail = connect(first, { failover: [to(second)] })
    expect(await failure(mail)).toMatchObject({ code: 'temporarily_rejected', outcome: 'none' })
  })

  test('the first is passed over when it failed three times, and tried again after a while', async () => {
    using clock = TestClock.install()
    await using first = await startScripted({ hangUpAt: 'GREETING' })
    await using second = await startScripted()
    await using mail = connect(first, { connections: 1, failover: [to(second)] })
    for (let count = 0; count < 10; count += 1) await mail.send(letter)
    expect(first.opened).toBe(3)
    expect(dots(second)).toBe(10)
    delete (first as Partial<Script>).hangUpAt
    await clock.advance(30_000)
    await mail.send(letter)
    expect(dots(first)).toBe(1)
  })

  test('a full first one does not hold its connection while the second sends', async () => {
    await using first = await startScripted({ replies: { RCPT: '451 later' } })
    await using second = await startScripted({ silentAt: 'RCPT' })
    await using mail = connect(first, { connections: 1, queue: 0, failover: [to(second)] })
    const sending = mail.send(letter)
    await second.reached
    delete first.replies['RCPT']
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    second.goOn()
    await sending
    expect([dots(first), dots(second)]).toEqual([1, 1])
  })

  test.each<[string, (server: Scripted) => Mail<unknown>]>([
    ['one that is none', (server) => connect(server, { failover: [7 as never] })],
    ['no list', (server) => connect(server, { failover: to(server) as never })],
    [
      'a misspelt option of it',
      (server) => connect(server, { failover: [{ hots: 'x' } as never] }),
    ],
  ])('refuses %s', async (_what, make) => {
    await using server = await startScripted()
    expect(() => make(server)).toThrow(TypeError)
  })
})
