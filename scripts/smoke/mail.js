import assert from 'node:assert/strict'
import { createMail, defineTemplate, MailError } from '@yuzuru/mail'
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
  const show = previews([defineTemplate(bodies, { name: 'hello', sample: {} })])
  assert.equal((await show(new Request('http://localhost/hello/en'))).status, 200)
}
console.log('ok')
