import { describe, expect, test } from 'vitest'
import { connect, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'
import { createFakeMail } from '../testing.ts'
import type { MailMessage } from './mail-message.ts'

async function dialogue(message: Partial<MailMessage>, ehlo?: string): Promise<string[]> {
  await using server = await startScripted(ehlo === undefined ? {} : { replies: { EHLO: ehlo } })
  await using mail = connect(server)
  await mail.send({ ...letter, ...message })
  return server.lines.filter((line) => /^(?:MAIL|RCPT)/.test(line))
}

const DSN = '250-scripted\r\n250 DSN'

describe('the envelope', () => {
  test('has a sender of its own, or nobody, to whom bounces go', async () => {
    const own = { cc: 'taro@example.jp', bcc: 'jiro@example.jp' }
    expect(await dialogue({ ...own, envelopeFrom: 'bounce+7@例え.jp' })).toEqual([
      'MAIL FROM:<bounce+7@xn--r8jz45g.jp>',
      'RCPT TO:<hanako@example.jp>',
      'RCPT TO:<taro@example.jp>',
      'RCPT TO:<jiro@example.jp>',
    ])
    const [nobody] = await dialogue({ envelopeFrom: '' })
    expect(nobody).toBe('MAIL FROM:<>')
    const quoted = await dialogue({ to: 'a..b@docomo.ne.jp', envelopeFrom: 'b@example.jp' })
    expect(quoted[1]).toBe('RCPT TO:<"a..b"@docomo.ne.jp>')
  })

  test('asks for reports of a server that knows them, and of no other', async () => {
    const reports = {
      notify: ['failure', 'delay'],
      return: 'headers',
      envelopeId: 'plan 7+',
    } as const
    expect(await dialogue({ reports }, DSN)).toEqual([
      'MAIL FROM:<no-reply@example.jp> RET=HDRS ENVID=plan+207+2B',
      'RCPT TO:<hanako@example.jp> NOTIFY=FAILURE,DELAY',
    ])
    expect(await dialogue({ reports: { notify: 'never' } }, DSN)).toContain(
      'RCPT TO:<hanako@example.jp> NOTIFY=NEVER',
    )
    expect(await dialogue({ reports })).toEqual([
      'MAIL FROM:<no-reply@example.jp>',
      'RCPT TO:<hanako@example.jp>',
    ])
  })

  test('is refused with what is none', async () => {
    await using mail = createFakeMail()
    const wrong: readonly object[] = [
      { envelopeFrom: 'nobody' },
      { envelopeFrom: 'a@b.jp>\r\nDATA' },
      { reports: { notify: 'always' } },
      { reports: { notify: [] } },
      { reports: { notify: ['never'] } },
      { reports: { return: 'body' } },
      { reports: { envelopeId: '' } },
      { reports: { envelopeId: '計画' } },
    ]
    for (const fields of wrong) {
      const sending = mail.send({ ...letter, ...fields })
      await expect(sending, JSON.stringify(fields)).rejects.toThrow(TypeError)
    }
    expect(mail.sent).toEqual([])
  })
})
