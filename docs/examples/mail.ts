/** A template in two languages, a mail that arrives, and a refusal that says that nothing was sent. */
import { createMail, defineTemplate, html, MailError } from '@yuzuru/mail'
import { startSmtp } from '@yuzuru/sandbox'

const verifyAddress = defineTemplate({
  ja: {
    subject: () => 'メールアドレスの確認',
    text: (data: { name: string; url: string }) => `${data.name} 様\n\n${data.url}`,
    html: (data) => html`<p>${data.name} 様</p>`,
  },
  en: { subject: () => 'Please confirm', text: (data) => `Dear ${data.name},\n\n${data.url}` },
})

await using smtp = await startSmtp()
await using mail = createMail({ host: smtp.host, port: smtp.port, from: 'no-reply@example.jp' })

const data = { name: '佐藤 花子', url: 'https://example.jp/v/abc' }
const message = { ...verifyAddress.render('ja', data), idempotencyKey: 'verify:staff-3' }
const sent = await mail.send({ ...message, to: 'hanako@example.jp' })
console.log(sent.accepted)
const { subject, text } = await smtp.inbox.waitFor({ to: 'hanako@example.jp' })
console.log(subject, text?.split('\n')[0])

smtp.setAnswers({ onRecipient: () => ({ reject: 550 }) })
try {
  await mail.send({ ...message, to: 'gone@example.jp' })
} catch (error) {
  if (!MailError.isInstance(error)) throw error
  console.log(error.code, error.outcome)
}

// Prints:
//   [ 'hanako@example.jp' ]
//   メールアドレスの確認 佐藤 花子 様
//   recipient_rejected none
