import { startSmtp } from '@yuzuru/sandbox'
import { describe, test } from 'vitest'
import { clientOf, givenServer } from '../../test/given-server.ts'
import { createMail } from '../create-mail.ts'
import { exerciseMail } from './exercise-mail.ts'
import { createFakeMail } from './fake-mail.ts'
import type { MailFixture, MailFixtureOptions } from './mail-fixture.ts'

function fake(options: MailFixtureOptions = {}): Promise<MailFixture> {
  const mail = createFakeMail(options)
  return Promise.resolve({
    mail,
    received: () => mail.sent,
    setAnswers: (answers) => mail.setAnswers(answers),
    [Symbol.asyncDispose]: () => mail[Symbol.asyncDispose](),
  })
}

async function smtp(options: MailFixtureOptions = {}): Promise<MailFixture> {
  const server = await startSmtp()
  const { host, port, user, password } = server
  const auth = { user, password }
  const from = 'けいかくん <no-reply@example.jp>'
  const mail = createMail({ host, port, auth, from, ...options })
  return {
    mail,
    received: () => server.inbox.messages,
    setAnswers: (answers) => server.setAnswers(answers),
    async [Symbol.asyncDispose]() {
      await mail.close()
      await server.close()
    },
  }
}

describe('the fake', () => {
  for (const { name, run } of exerciseMail(fake)) test(name, run)
})

describe('a real server', () => {
  for (const { name, run } of exerciseMail(smtp)) test(name, run)
})

// Any other server: only when its address is given.
const given = givenServer()
if (given !== undefined) {
  describe('the server at YUZURU_TEST_SMTP', () => {
    for (const { name, run } of exerciseMail((options) => clientOf(given, options))) test(name, run)
  })
}
