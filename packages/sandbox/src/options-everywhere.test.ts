import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exerciseOptions, type OptionsTaker } from '@yuzuru/concurrency/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as index from './index.ts'

let folder: string
let sandbox: index.Sandbox
let proxy: index.FaultProxy
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-options-'))
  sandbox = await index.startSandbox()
  proxy = await sandbox.faults.inFrontOf('stripe')
})
afterAll(async () => {
  await sandbox.close()
  await rm(folder, { recursive: true, force: true })
})

const target = { host: '127.0.0.1', port: 9 }

/** Where nothing is: what begins to start would make it. */
function inDir(options: object | null): never {
  return { dir: join(folder, 'made'), ...expectObject(options) } as never
}

/** `null` has nothing to be spread. */
function expectObject(options: object | null): object {
  if (options === null) throw new TypeError('null')
  return options
}

/** Each public function or method that takes options, and each option that has some of its own. */
const takers: Readonly<Record<string, OptionsTaker>> = {
  startFaultProxy: (options) => index.startFaultProxy(options),
  'startFaultProxy, with a target': (options) =>
    index.startFaultProxy({ target, ...expectObject(options) }),
  startGoogle: (options) => index.startGoogle(inDir(options)),
  startPostgres: (options) => index.startPostgres(inDir(options)),
  startS3: (options) => index.startS3(inDir(options)),
  'startS3.cors': (cors) => index.startS3({ dir: join(folder, 'made'), cors }),
  startSandbox: (options) => index.startSandbox(inDir(options)),
  'startSandbox.google': (google) => index.startSandbox(inDir({ google })),
  'startSandbox.postgres': (postgres) => index.startSandbox(inDir({ postgres })),
  'startSandbox.s3': (s3) => index.startSandbox(inDir({ s3 })),
  'startSandbox.s3.cors': (cors) => index.startSandbox(inDir({ s3: { cors } })),
  'startSandbox.smtp': (smtp) => index.startSandbox(inDir({ smtp })),
  'startSandbox.smtp.answers': (answers) => index.startSandbox(inDir({ smtp: { answers } })),
  'startSandbox.stripe': (stripe) => index.startSandbox(inDir({ stripe })),
  startSmtp: (options) => index.startSmtp(inDir(options)),
  'startSmtp.answers': (answers) => index.startSmtp(inDir({ answers })),
  startStripe: (options) => index.startStripe(inDir(options)),
  'postgres.createDatabase': (options) => sandbox.postgres.createDatabase(options),
  's3.set': (troubles) => sandbox.s3.set(troubles),
  'smtp.setAnswers': (answers) => sandbox.smtp.setAnswers(answers),
  'inbox.waitFor': (options) => sandbox.smtp.inbox.waitFor({}, options),
  'inbox.waitFor, its match': (match) => sandbox.smtp.inbox.waitFor(match),
  'inbox.waitForCount': (options) => sandbox.smtp.inbox.waitForCount(1, {}, options),
  'inbox.waitForCount, its match': (match) => sandbox.smtp.inbox.waitForCount(1, match),
  'stripe.completeCheckout': (payment) => sandbox.stripe.completeCheckout('cs_1', payment),
  'stripe.setTroubles': (trouble) => sandbox.stripe.setTroubles(trouble),
  'google.setTroubles': (trouble) => sandbox.google.setTroubles(trouble),
  'google.issueCode': (consent) => sandbox.google.issueCode(consent),
  'google.issueTokens': (consent) => sandbox.google.issueTokens(consent),
  'proxy.set': (faults) => proxy.set(faults),
  'proxy.set, its latencyMs': (latencyMs) => proxy.set({ latencyMs }),
  'proxy.set, its resetAfterBytes': (resetAfterBytes) => proxy.set({ resetAfterBytes }),
  'proxy.set, its dropReply': (dropReply) => proxy.set({ dropReply }),
  'proxy.set, its status': (status) => proxy.set({ status }),
}

const cases = exerciseOptions({
  takers,
  others: `PostgresRefusal SERVICE_NAMES sandbox.close faults.inFrontOf faults.close postgres.dropDatabase
  postgres.restart postgres.kill postgres.close s3.createBucket s3.keys s3.uploads
  s3.temporaryCredentials s3.expireCredentials s3.clear s3.close smtp.close inbox.clear
  stripe.setWebhookUrl stripe.authenticate stripe.indexSearch stripe.invoices stripe.redeliver stripe.deliveries stripe.failPayment stripe.settle
  stripe.customers stripe.products stripe.prices stripe.checkoutSessions stripe.subscriptions
  stripe.events stripe.requests stripe.requestCount stripe.close webhooks.pause webhooks.resume
  webhooks.redeliver webhooks.idle webhooks.attempts google.allow google.grants google.revokeAccess google.changePassword
  google.addCalendar google.expireAccessTokens google.invalidateSyncTokens google.events google.requests
  google.requestCount google.mails google.loseNotifications google.notified google.close proxy.url proxy.clear proxy.reset proxy.close
  sandbox.services sandbox.postgres sandbox.s3 sandbox.smtp sandbox.stripe sandbox.google
  sandbox.faults postgres.url postgres.host postgres.port postgres.user postgres.password
  postgres.database postgres.pid postgres.dataDir s3.endpoint s3.host s3.port s3.region
  s3.accessKeyId s3.secretAccessKey s3.requests smtp.host smtp.port smtp.user smtp.password
  smtp.accessToken smtp.renewAccessToken smtp.url smtp.inbox inbox.messages stripe.url stripe.host stripe.port stripe.secretKey
  stripe.publishableKey stripe.webhookSecret stripe.webhooks google.url google.host google.port
  google.authUrl google.tokenInfoUrl google.certsUrl google.tokenUrl google.revokeUrl google.calendarUrl google.batchUrl google.clientId
  google.clientSecret google.endpoints proxy.host proxy.port proxy.connections proxy.struck`,
  faces: {
    '': [index],
    sandbox: () => sandbox,
    faults: () => sandbox.faults,
    postgres: () => sandbox.postgres,
    s3: () => sandbox.s3,
    smtp: () => sandbox.smtp,
    inbox: () => sandbox.smtp.inbox,
    stripe: () => sandbox.stripe,
    webhooks: () => sandbox.stripe.webhooks,
    google: () => sandbox.google,
    proxy: () => proxy,
  },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) {
    test(name, async () => {
      await run()
      // No service had begun to start.
      expect(existsSync(join(folder, 'made'))).toBe(false)
    })
  }

  test('startSandbox, which names the nearest', async () => {
    await expect(index.startSandbox(inDir({ smtp: { maxbytes: 1 } }))).rejects.toThrow(
      'Expected a known option of startSandbox.smtp, got "maxbytes"; did you mean "maxBytes"?',
    )
  })
})
