import assert from 'node:assert/strict'
import { createMail, defineTemplate, html, MailError } from '@yuzuru/mail'
import { parseBounce, parseComplaint } from '@yuzuru/mail/bounces'
import { inlineCss } from '@yuzuru/mail/inline-css'
import { calendarInvite } from '@yuzuru/mail/invites'
import { previews } from '@yuzuru/mail/previews'
import { createFakeMail } from '@yuzuru/mail/testing'

{
  await using mail = createFakeMail({ from: 'けいかくん <no-reply@example.jp>' })
  await mail.send({
    to: 'hanako@example.jp',
    subject: 'こんにちは',
    text: '本文',
    idempotencyKey: 'a',
  })
  assert.equal(mail.sent.length, 1)
}
{
  // Nobody listens there.
  await using mail = createMail({ host: '127.0.0.1', port: 1, from: 'a@example.jp' })
  const sending = mail.send({ to: 'hanako@example.jp', subject: 'a', text: 'b' })
  await assert.rejects(sending, (error) => MailError.isInstance(error) && error.outcome === 'none')
}
{
  const bodies = { en: { subject: () => 'Hello', text: () => 'Hello' } }
  const hosts = ['mails.test']
  const show = previews([defineTemplate(bodies, { name: 'hello', sample: {} })], { hosts })
  assert.equal((await show(new Request('http://mails.test/hello/en'))).status, 200)
}
{
  const { method, content } = calendarInvite({
    uid: 'plan-7@example.jp',
    day: '2026-04-01',
    repeats: { every: 'week', count: 3 },
    summary: '支援会議',
    organizer: 'no-reply@example.jp',
    attendees: ['hanako@example.jp'],
  })
  assert.equal(method, 'REQUEST')
  assert.match(content, /RRULE:FREQ=WEEKLY;COUNT=3/)
}
{
  const report = [
    'From: MAILER-DAEMON@example.jp',
    'Subject: Undelivered Mail Returned to Sender',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    '',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; example.jp',
    '',
    'Final-Recipient: rfc822; hanako@example.jp',
    'Action: failed',
    'Status: 5.1.1',
    '',
    '--b--',
    '',
  ].join('\r\n')
  const bounce = await parseBounce(report)
  assert.equal(bounce?.recipients[0]?.status, '5.1.1')
  assert.equal(await parseComplaint(report), undefined)
}
{
  const styled = inlineCss(
    html`<style>
        p {
          color: navy;
        }
      </style>
      <p>Plan 7</p>`,
  )
  assert.match(String(styled), /<p style="color: navy;?">/)
}
console.log('ok')
