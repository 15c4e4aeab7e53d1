import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { calendarInvite } from '../invites.ts'
import { createFakeMail } from '../testing.ts'

const made = calendarInvite({
  uid: 'plan-7@example.jp',
  start: new Date('2026-04-01T10:00:00+09:00'),
  end: new Date('2026-04-01T11:00:00+09:00'),
  timeZone: 'Asia/Tokyo',
  summary: '支援会議',
  organizer: 'けいかくん <no-reply@example.jp>',
  attendees: ['花子 <hanako@example.jp>'],
})
const letter = { to: 'hanako@example.jp', subject: '支援会議', text: '4月1日 10:00' }

async function sent(
  message: Parameters<ReturnType<typeof createFakeMail>['send']>[0],
): Promise<string> {
  await using mail = createFakeMail()
  await mail.send(message)
  return (mail.sent[0]?.raw ?? Buffer.alloc(0)).toString('latin1')
}

describe('an invite', () => {
  test('is the last alternative, with its method and charset, and no attachment', async () => {
    const raw = await sent({ ...letter, html: '<p>4月1日</p>', invite: made })
    expect(raw).toMatch(/^Content-Type: multipart\/alternative;/m)
    expect(raw.match(/^Content-Type: text\/.*$/gm)?.map((line) => line.trim())).toEqual([
      'Content-Type: text/plain; charset=utf-8',
      'Content-Type: text/html; charset=utf-8',
      'Content-Type: text/calendar; charset=utf-8; method=REQUEST',
    ])
    expect(raw).not.toMatch(/Content-Disposition|application\/ics/i)
    const { attachments, text, html } = await simpleParser(raw)
    expect(
      attachments.map(({ contentType, content }) => [contentType, content.toString()]),
    ).toEqual([['text/calendar', made.content]])
    expect([text, html]).toEqual(['4月1日 10:00', '<p>4月1日</p>'])
  })

  test.each(['CANCEL', 'REPLY'] as const)('says its method in its part: %s', async (method) => {
    const content = made.content.replace('METHOD:REQUEST', `METHOD:${method}`)
    const raw = await sent({ ...letter, invite: { method, content } })
    expect(raw).toMatch(`Content-Type: text/calendar; charset=utf-8; method=${method}\r\n`)
    const { attachments } = await simpleParser(raw)
    expect(attachments.map(({ content: read }) => read.toString())).toEqual([content])
  })

  test('goes with attachments beside it, which stay outside the alternatives', async () => {
    const attachments = [{ filename: 'plan.pdf', content: '%PDF' }]
    const raw = await sent({ ...letter, attachments, invite: made })
    const mixed = raw.indexOf('multipart/mixed')
    const calendar = raw.indexOf('text/calendar')
    expect(mixed).toBeGreaterThan(0)
    expect(raw.indexOf('multipart/alternative')).toBeGreaterThan(mixed)
    expect(raw.indexOf('application/pdf')).toBeGreaterThan(calendar)
  })

  test('of a message with the same key and stamp has the same bytes', async () => {
    const date = new Date(0)
    const again = { ...letter, invite: made, idempotencyKey: 'meeting-7', date }
    expect(await sent(again)).toBe(await sent(again))
  })

  test('is refused when its content has another method, or is no calendar object', async () => {
    await using mail = createFakeMail()
    const wrong = [
      { method: 'CANCEL', content: made.content },
      { method: 'PUBLISH', content: made.content },
      { method: 'REQUEST', content: 'BEGIN:VEVENT' },
      { method: 'REQUEST', content: made.content.replace('METHOD:REQUEST', 'X-METHOD:REQUEST') },
      { method: 'REQUEST', content: made.content.replace('METHOD', 'METHOD:REPLY\r\nMETHOD') },
      null,
    ]
    for (const invite of wrong) {
      await expect(mail.send({ ...letter, invite: invite as never })).rejects.toThrow(TypeError)
    }
    expect(mail.sent).toEqual([])
  })
})
