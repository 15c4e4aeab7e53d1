import { startSmtp } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { connect } from '../test/local-mail.ts'
import { createMail } from './create-mail.ts'

const STAGE = 'staging@example.jp'
const letter = {
  to: ['花子 <hanako@example.jp>', 'taro@例え.jp'],
  cc: 'a..b@docomo.ne.jp',
  bcc: 'jiro@example.jp',
  subject: '計画',
  text: '計画',
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
    const addresses = raw.replace(/^X-Original-To:.*(?:\r\n[ \t].*)*/m, '')
    for (const address of everybody) expect(addresses).not.toContain(address.split('@')[0])
    expect(raw).not.toMatch(/^(?:Cc|Bcc):/im)
  })

  test('so does what is sent with the native client', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { redirectTo: STAGE })
    await mail.client.sendMail({ from: 'a@example.jp', to: 'hanako@example.jp', text: 'x' })
    expect(server.inbox.messages[0]?.envelope.to).toEqual([STAGE])
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
