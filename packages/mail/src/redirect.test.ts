import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { startSmtp } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { verifiedDomains } from '../test/dkim-verifier.ts'
import { connect } from '../test/local-mail.ts'
import { createMail } from './create-mail.ts'

const STAGE = 'staging@example.jp'
const letter = {
  to: ['花子 <hanako@example.jp>', 'taro@例え.jp'],
  cc: 'a..b@docomo.ne.jp',
  bcc: 'jiro@example.jp',
  replyTo: '相談 <saburo@example.jp>',
  subject: '計画',
  text: '計画',
}
/** The headers but the one that says who it was for. */
function addressesIn(raw: string): string {
  return raw.split('\r\n\r\n', 1)[0]?.replace(/^X-Original-To:.*(?:\r\n[ \t].*)*/m, '') ?? ''
}

const everybody = ['hanako@example.jp', 'taro@例え.jp', 'a..b@docomo.ne.jp', 'jiro@example.jp']

describe('with redirectTo', () => {
  test('every message goes to that address alone, and says who it was for', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { redirectTo: `試験 <${STAGE}>` })
    const sent = await mail.send({ ...letter, envelopeFrom: 'bounce@example.jp' })
    const [message] = server.inbox.messages
    expect(message?.envelope).toEqual({ from: 'bounce@example.jp', to: [STAGE] })
    expect(sent).toMatchObject({ accepted: everybody, rejected: [] })
    const raw = message?.raw.toString() ?? ''
    expect(raw).toMatch(/^X-Original-To: /m)
    const addresses = addressesIn(raw)
    for (const address of [...everybody, letter.replyTo.slice(4)]) {
      expect(addresses).not.toContain(address.split('@')[0])
    }
    expect(raw).not.toMatch(/^(?:Cc|Bcc|Reply-To):/im)
  })

  test('so does what is sent with the native client', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { redirectTo: STAGE })
    await mail.client.sendMail({ from: 'a@example.jp', to: 'hanako@example.jp', text: 'x' })
    expect(server.inbox.messages[0]?.envelope.to).toEqual([STAGE])
  })

  const raw =
    'From: a@example.jp\r\nTO : hanako@example.jp,\r\n\ttaro@example.jp\r\nCC: jiro@example.jp\r\n' +
    'Reply-To: saburo@example.jp\r\nSubject: x\r\n\r\nTo: shiro\r\n'
  const to = ['hanako@example.jp', 'taro@example.jp']
  test.each([
    [
      'of fields',
      'To: shiro',
      { ...letter, to, cc: 'jiro@example.jp', from: 'a@example.jp', text: 'To: shiro' },
    ],
    [
      'that its caller wrote',
      'To: shiro',
      { raw, envelope: { from: 'a@example.jp', to: [...to, 'jiro@example.jp'] } },
    ],
    [
      'of headers alone',
      '',
      { raw: raw.split('\r\n\r\n', 1)[0], envelope: { from: 'a@example.jp', to } },
    ],
  ])('the native client names nobody else in a message %s', async (_what, body, message) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await using server = await startSmtp()
    const dkim = { domain: 'example.jp', selector: 's', privateKey: pem }
    await using mail = connect(server, { redirectTo: `試験 <${STAGE}>`, dkim })
    await mail.client.sendMail(message)
    const [came] = server.inbox.messages
    expect(came?.envelope.to).toEqual([STAGE])
    const text = came?.raw.toString() ?? ''
    const addresses = addressesIn(text)
    for (const name of ['hanako', 'taro', 'jiro', 'saburo']) expect(addresses).not.toContain(name)
    expect(addresses.match(/^To:.*<staging@example\.jp>/gim)).toHaveLength(1)
    expect(addresses).not.toMatch(/^(?:Cc|Bcc|Reply-To)[ \t]*:/im)
    expect(text).toMatch(/^X-Original-To: hanako@example\.jp,\s+taro@example\.jp/m)
    // It is signed as it goes out.
    const signed = verifiedDomains(Buffer.from(text), () => createPublicKey(privateKey))
    expect(signed).toEqual(['example.jp'])
    expect(text.split('\r\n\r\n')[1]?.trim()).toBe(body)
  })

  test('a refusal names the recipients as they were passed in', async () => {
    await using server = await startSmtp({ answers: { onRecipient: () => ({ reject: 550 }) } })
    await using mail = connect(server, { redirectTo: STAGE })
    const error = await mail.send(letter).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'recipient_rejected' })
    const { rejected } = error as { rejected: readonly { address: string }[] }
    expect(rejected.map(({ address }) => address)).toEqual(everybody)
  })

  test('over a client that was passed in it holds for our verbs', async () => {
    const seen: unknown[] = []
    const client = {
      sendMail: async (message: { to?: unknown; cc?: unknown; bcc?: unknown }) => {
        seen.push([message.to, message.cc, message.bcc])
        return { accepted: [STAGE] }
      },
      verify: async () => true,
    }
    await using mail = createMail({ client, from: 'a@example.jp', redirectTo: STAGE })
    expect((await mail.send(letter)).accepted).toEqual(everybody)
    expect(seen).toEqual([[[{ name: '', address: STAGE }], [], []]])
    const wrong = { client, from: 'a@example.jp', redirectTo: 'nobody' }
    expect(() => createMail(wrong)).toThrow('Expected redirectTo')
  })
})
