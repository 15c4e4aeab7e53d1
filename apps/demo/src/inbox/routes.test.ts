import type { Inbox, InboxMessage } from '@yuzuru/sandbox'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import type { Environment } from '../web/environment.ts'
import { inboxRoutes } from './routes.tsx'

function mail(to: string, subject: string, text: string): InboxMessage {
  const receivedAt = new Date('2026-04-01T01:00:00Z')
  return { envelope: { from: '', to: [to] }, subject, text, receivedAt } as unknown as InboxMessage
}

const MAILS = [
  mail('hana@example.jp', 'ご確認', 'http://127.0.0.1:80/verify?token=a <b>'),
  mail('taro@example.jp', 'ＡＢＣ', '本文'),
]

async function page(messages: readonly InboxMessage[], search = ''): Promise<string> {
  const web = new Hono<Environment>()
  web.use(async (c, next) => {
    c.set('language', 'en')
    await next()
  })
  web.route('/', inboxRoutes({ messages } as unknown as Inbox))
  return await (await web.request(`/inbox?q=${encodeURIComponent(search)}`)).text()
}

describe('the inbox', () => {
  test('has a line a mail, the newest first, and its links lead on', async () => {
    const text = await page(MAILS)
    expect(text.match(/<details>/g)).toHaveLength(2)
    expect(text.indexOf('ＡＢＣ')).toBeLessThan(text.indexOf('ご確認'))
    expect(text).toContain('<a href="http://127.0.0.1:80/verify?token=a">')
    expect(text).toContain('&lt;b&gt;')
  })

  test.each([
    ['HANA', 'ご確認'],
    ['abc', 'ＡＢＣ'],
    ['本文 taro', 'ＡＢＣ'],
  ])('finds %s, and opens what is the only one', async (search, subject) => {
    const text = await page(MAILS, search)
    expect(text.match(/<details open=""/g)).toHaveLength(1)
    expect(text).toContain(`<strong>${subject}</strong>`)
    expect(text).toContain('>1 mail<')
  })

  test('says what to do when it is empty, or nothing was found', async () => {
    expect(await page([])).toContain('Register an office')
    expect(await page(MAILS, 'nowhere')).toContain('Nothing was found')
  })
})
