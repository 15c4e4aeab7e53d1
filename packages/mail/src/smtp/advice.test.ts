import { type SmtpServer, startSmtp } from '@yuzuru/sandbox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMail, type SmtpMailOptions } from '../create-mail.ts'

let smtp: SmtpServer
beforeAll(async () => {
  smtp = await startSmtp({ auth: true })
})
afterAll(() => smtp.close())

test.each<[string, Partial<SmtpMailOptions>, string]>([
  [
    'a wrong password',
    { auth: { user: 'x', password: 'y' } },
    'the server replied 535: check auth',
  ],
  ['no login', {}, 'the server replied 530: it wants a login; give auth'],
  ['no TLS there', { secure: true }, 'it speaks none there; check secure and port'],
  ['no STARTTLS', { startTls: 'required' }, ' to STARTTLS: check startTls, secure and port'],
])('the message for %s says which option to look at', async (_what, options, said) => {
  const own: SmtpMailOptions = {
    host: smtp.host,
    port: smtp.port,
    from: 'no-reply@example.jp',
    ...options,
  }
  await using mail = createMail(own)
  const message = { to: 'hanako@example.jp', subject: 'Hello', text: 'Hello' }
  await expect(mail.send(message)).rejects.toThrow(said)
})
