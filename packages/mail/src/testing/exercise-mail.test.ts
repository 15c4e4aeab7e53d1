import { startSmtp } from '@yuzuru/sandbox'
import { describe, test } from 'vitest'
import { clientOf, givenServer } from '../../test/given-server.ts'
import { createMail } from '../create-mail.ts'
import { exerciseMail, type MailFixture } from './exercise-mail.ts'
import { createFakeMail } from './fake-mail.ts'

function fake(): Promise<MailFixture> {
  const mail = createFakeMail()
  return Promise.resolve({
    mail,
    received: () => mail.sent,
    setAnswers: (answers) => mail.setAnswers(answers),
    [Symbol.asyncDispose]: () => mail[Symbol.asyncDispose](),
  })
}

async function smtp(): Promise<MailFixture> {
  const server = await startSmtp()
  const { host, port, user, password } = server
  const auth = { user, password }
  const mail = createMail({ host, port, auth, from: 'けいかくん <no-reply@example.jp>' })
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
    for (const { name, run } of exerciseMail(() => clientOf(given))) test(name, run)
  })
}
