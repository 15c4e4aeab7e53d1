import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOUNCES, COMPLAINT, OTHERS } from '../../test/bounce-samples.ts'
import { MORE_BOUNCES } from '../../test/more-bounces.ts'
import { parseBounce } from './parse-bounce.ts'

describe('parseBounce', () => {
  for (const [name, raw, recipients] of [...BOUNCES, ...MORE_BOUNCES]) {
    test(`reads that of ${name}`, async () => {
      const bounce = await parseBounce(raw)
      expect(bounce?.recipients).toMatchObject(recipients)
      expect(bounce?.recipients).toHaveLength(recipients.length)
      const hasOriginal = raw.includes('\nMessage-ID: <plan-7@')
      expect(bounce?.messageId).toBe(hasOriginal ? '<plan-7@example.jp>' : undefined)
    })
  }

  for (const [name, raw] of OTHERS) {
    test(`finds none in ${name}`, async () => {
      expect(await parseBounce(Buffer.from(raw))).toBeUndefined()
    })
  }

  test('finds none in a complaint', async () => {
    expect(await parseBounce(COMPLAINT)).toBeUndefined()
  })

  test('has what the server said, folded or not', async () => {
    const [, raw] = BOUNCES[0] ?? []
    expect((await parseBounce(raw ?? ''))?.recipients[0]?.diagnostic).toBe(
      '550 5.1.1 <gone@example.com>: Recipient address rejected: User unknown',
    )
  })

  test.each([
    ['Exim 4.96.1', '550 unknown user', { status: '5.1.1', action: 'failed', isPermanent: true }],
    ['Postfix 2.11.0', '550 no such user', { status: '5.1.1', action: 'failed' }],
    ['Postfix 2.11.0', '450 try again later', { status: '4.4.1', action: 'delayed' }],
    ['203.0.113.5', '550 5.7.1 no', { status: '5.7.1', action: 'failed' }],
  ])('takes no version or address for a status: %s says %s', async (server, said, expected) => {
    const words = `<a@example.com>: host mx.example.com (${server}) said: ${said}`
    const raw = `From: MAILER-DAEMON@x.example\r\n\r\n${words}\r\n`
    expect((await parseBounce(raw))?.recipients).toMatchObject([expected])
  })

  test('reads fields with comments (RFC 3464, 2.1.1): a delay is no failure for good', async () => {
    const fields = [
      'Final-Recipient: rfc822; <a@example.com> (Hanako)',
      'Action: delayed (will be tried again)',
      'Status: (X.1.1) 5.1.1 (bad destination)',
    ]
    const type = 'Content-Type: message/delivery-status'
    const raw = `From: MAILER-DAEMON@x.example\r\n${type}\r\n\r\n${fields.join('\r\n')}\r\n`
    expect((await parseBounce(raw))?.recipients).toMatchObject([
      { address: 'a@example.com', action: 'delayed', status: '5.1.1', isPermanent: false },
    ])
  })

  test('gives no more than 100 recipients, and reads no more than 5,000 lines', async () => {
    const lines = Array.from({ length: 300 }, (_, n) => `<a${n}@example.com>: 550 5.1.1 no`)
    const head = 'From: MAILER-DAEMON@x.example\r\n\r\n'
    expect((await parseBounce(`${head}${lines.join('\r\n')}`))?.recipients).toHaveLength(100)
    const late = `${head}${'x\r\n'.repeat(5_000)}<a@example.com>: 550 5.1.1 no`
    expect(await parseBounce(late)).toBeUndefined()
  })

  test('throws for nothing that is received', async () => {
    const cut = fc
      .tuple(
        fc.constantFrom(...BOUNCES, ...MORE_BOUNCES),
        fc.nat(3_000),
        fc.uint8Array({ maxLength: 20 }),
      )
      .map(([[, raw], at, noise]) =>
        Buffer.concat([Buffer.from(raw.slice(0, at)), noise, Buffer.from(raw.slice(at + 7))]),
      )
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, fc.uint8Array({ maxLength: 300 })), async (raw) => {
        const bounce = await parseBounce(raw)
        for (const { address } of bounce?.recipients ?? []) expect(address).toMatch(/^\S+@\S+$/)
      }),
    )
    await expect(parseBounce(7 as never)).rejects.toThrow('Expected raw to be bytes or a string')
  })
})
