import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { exerciseOptions } from '@yuzuru/concurrency/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as bounces from './bounces.ts'
import * as invites from './invites.ts'
import * as index from './index.ts'
import * as css from './inline-css.ts'
import * as preview from './previews.ts'
import * as testing from './testing.ts'

let server: Server
let connected = 0
let mail: index.Mail<unknown>
const fake = testing.createFakeMail()
beforeAll(async () => {
  server = createServer(() => (connected += 1)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  mail = index.createMail({ host: '127.0.0.1', port, from })
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened.
  expect(connected).toBe(0)
  expect(fake.sent).toEqual([])
  await mail.close()
  server.close()
})

const from = 'no-reply@example.jp'
const message = { to: 'hanako@example.jp', subject: 'hello', text: 'hello' }
const client = { sendMail: async () => ({}), verify: async () => true }

const cases = exerciseOptions({
  takers: {
    createMail: (options) => index.createMail(options),
    'createMail, over a client': (options) =>
      index.createMail({ client, from, ...spread('createMail', options) } as never),
    'createMail.auth': (auth) => index.createMail({ host: 'localhost', from, auth }),
    'createMail.from': (mailbox) => index.createMail({ host: 'localhost', from: mailbox }),
    'createMail.limits': (limits) => index.createMail({ host: 'localhost', from, limits }),
    'createMail.dkim': (dkim) => index.createMail({ host: 'localhost', from, dkim }),
    'createMail.retry': (retry) => index.createMail({ host: 'localhost', from, retry }),
    'createMail.failover': (server) =>
      index.createMail({ host: 'localhost', from, failover: [server] }),
    createFakeMail: (options) => testing.createFakeMail(options),
    'createFakeMail.answers': (answers) => testing.createFakeMail({ answers }),
    'createFakeMail.dkim': (dkim) => testing.createFakeMail({ dkim }),
    'createFakeMail.limits': (limits) => testing.createFakeMail({ limits }),
    'createFakeMail.retry': (retry) => testing.createFakeMail({ retry }),
    defineTemplate: (ja) => index.defineTemplate({ ja }),
    'defineTemplate, its second': (options) =>
      index.defineTemplate({ ja: { subject: () => 'x', text: () => 'x' } }, options),
    defineAsyncTemplate: (ja) => index.defineAsyncTemplate({ ja }),
    'defineAsyncTemplate, its second': (options) =>
      index.defineAsyncTemplate({ ja: { subject: () => 'x', text: () => 'x' } }, options),
    templateFolder: (options) => index.templateFolder('mails', options),
    previews: (options) => preview.previews([], options),
    'previews.sendTo': (sendTo) => preview.previews([], { sendTo }),
    'mail.send': (options) => mail.send(message, options),
    'mail.send, its message': (options) => mail.send(options),
    'mail.send, its attachments': (one) => mail.send({ ...message, attachments: [one] }),
    'mail.send, an object attached': (object) =>
      mail.send({ ...message, attachments: [{ object }] as never }),
    'mail.send, its invite': (invite) => mail.send({ ...message, invite }),
    calendarInvite: (event) => invites.calendarInvite(event),
    'mail.send, its reports': (reports) => mail.send({ ...message, reports }),
    'mail.send, its unsubscribe': (unsubscribe) => mail.send({ ...message, unsubscribe }),
    'mail.send, its recipients': (to) => mail.send({ ...message, to }),
    'mail.sendMany': (options) => mail.sendMany([], options),
    'fake.sendMany': (options) => fake.sendMany([], options),
    'mail.health': (options) => mail.health(options),
    'mail.close': (options) => mail.close(options),
    'fake.send': (options) => fake.send(message, options),
    'fake.send, its message': (options) => fake.send(options),
    'fake.health': (options) => fake.health(options),
    'fake.close': (options) => fake.close(options),
    'fake.setAnswers': (answers) => fake.setAnswers(answers),
  },
  // The native client takes what is nodemailer's.
  others:
    'parseBounce parseComplaint Html html inlineCss trustedHtml MailError nativeErrorOf exerciseMail mail.boundary mail.client fake.boundary fake.client fake.sent',
  faces: { '': [bounces, index, css, invites, preview, testing], mail: () => mail, fake },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('send, which names the nearest', async () => {
    await expect(fake.send({ ...message, replyto: from } as never)).rejects.toThrow(
      'Expected a known option of mail.send, got "replyto"; did you mean "replyTo"?',
    )
  })

  test('an answer of the fake', async () => {
    await using answering = testing.createFakeMail({
      answers: { onRecipient: () => ({ reject: 550, mesage: 'no' }) as never },
    })
    await expect(answering.send(message)).rejects.toThrow('did you mean "message"?')
  })
})

/** `null` has nothing to be spread. */
function spread(where: string, options: object | null): object {
  if (options === null) throw new TypeError(where)
  return options
}
