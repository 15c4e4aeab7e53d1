import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { createFakeMail } from '../testing.ts'
import type { MailMessage } from './mail-message.ts'

const letter = { to: 'hanako@example.jp', subject: 'Re: 計画', text: '承知しました' }

async function rawOf(message: Partial<MailMessage>): Promise<string> {
  await using mail = createFakeMail()
  await mail.send({ ...letter, ...message })
  return (mail.sent[0]?.raw ?? Buffer.alloc(0)).toString('latin1')
}

describe('a message', () => {
  test('stands in the conversation that it answers', async () => {
    const parent = '<CAF+k=abc/def@mail.gmail.com>'
    const one = await simpleParser(await rawOf({ inReplyTo: parent }))
    expect([one.inReplyTo, one.references]).toEqual([parent, parent])
    const many = Array.from(
      { length: 100 },
      (_, index) => `<${index}.${'x'.repeat(60)}@example.jp>`,
    )
    const raw = await rawOf({ inReplyTo: parent, references: [...many, parent].slice(1) })
    expect((await simpleParser(raw)).references).toEqual([...many.slice(1), parent])
    for (const line of raw.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
  })

  test('says how urgent it is, and that no person wrote it', async () => {
    const raw = await rawOf({ priority: 'high', autoSubmitted: 'auto-replied' })
    expect(raw).toMatch(/^X-Priority: 1 \(Highest\)\r$/m)
    expect(raw).toMatch(/^Importance: High\r$/m)
    expect(raw).toMatch(/^Auto-Submitted: auto-replied\r$/m)
    expect(await rawOf({ priority: 'normal' })).not.toMatch(/Priority|Importance|Auto-Submitted/)
  })

  test('is refused with an id that is none, or with what is said twice', async () => {
    const wrong: readonly object[] = [
      { inReplyTo: 'id@example.jp' },
      { inReplyTo: '<a@b>\r\nBcc: <eve@example.jp>' },
      { inReplyTo: `<${'x'.repeat(900)}@example.jp>` },
      { references: [] },
      { references: ['<a@b>', 7] },
      { references: Array.from({ length: 101 }, () => '<a@b>') },
      // It leaves no room in its line for a word that has to be encoded.
      { headers: { [`X-${'a'.repeat(980)}`]: '計' } },
      { headers: { 'In-Reply-To': 'x'.repeat(990) } },
      { headers: { 'in-reply-to': 'x'.repeat(984) } },
      { priority: 'urgent' },
      { autoSubmitted: 'no' },
      { inReplyTo: '<a@b>', headers: { 'in-reply-to': '<c@d>' } },
      { priority: 'high', headers: { 'x-priority': '3' } },
      { autoSubmitted: 'auto-generated', headers: { 'Auto-submitted': 'no' } },
    ]
    for (const fields of wrong) {
      await expect(rawOf(fields), JSON.stringify(fields).slice(0, 80)).rejects.toThrow(TypeError)
    }
  })
})
