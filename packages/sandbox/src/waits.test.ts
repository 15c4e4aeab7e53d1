import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy } from './faults/fault-proxy.ts'
import { startGoogle } from './google/server.ts'
import { startPostgres } from './postgres/start-postgres.ts'
import { startSandbox, type Sandbox } from './sandbox.ts'
import { startSmtp } from './smtp/start-smtp.ts'
import { startStripe } from './stripe/server.ts'

type Wait = (sandbox: Sandbox) => Promise<unknown>

const consent = { email: 'hana@example.jp', scopes: [], redirectUri: 'http://127.0.0.1/' }

/** Everything of the sandbox's that is awaited, by its place; ends are not among them: they must happen. */
const WAITS: Readonly<Record<string, Wait>> = {
  'postgres.createDatabase': ({ postgres }) => postgres.createDatabase(),
  'postgres.dropDatabase': ({ postgres }) => postgres.dropDatabase('none'),
  'postgres.restart': ({ postgres }) => postgres.restart(),
  'postgres.kill': ({ postgres }) => postgres.kill('SIGTERM'),
  'smtp.inbox.waitFor': ({ smtp }) => smtp.inbox.waitFor(),
  'smtp.inbox.waitForCount': ({ smtp }) => smtp.inbox.waitForCount(2),
  'smtp.inbox.clear': ({ smtp }) => smtp.inbox.clear(),
  'stripe.redeliver': ({ stripe }) => stripe.redeliver(stripe.events()[0]?.id ?? ''),
  'stripe.webhooks.redeliver': ({ stripe }) =>
    stripe.webhooks.redeliver(stripe.events()[0]?.id ?? ''),
  'stripe.webhooks.resume': ({ stripe }) => stripe.webhooks.resume(),
  'stripe.webhooks.idle': ({ stripe }) => stripe.webhooks.idle(),
  'stripe.completeCheckout': ({ stripe }) => stripe.completeCheckout('cs_none'),
  'stripe.failPayment': ({ stripe }) => stripe.failPayment('sub_none'),
  'stripe.authenticate': ({ stripe }) => stripe.authenticate('pi_none'),
  'stripe.indexSearch': ({ stripe }) => stripe.indexSearch(),
  'stripe.settle': ({ stripe }) => stripe.settle(),
  'google.allow': ({ google }) => google.allow(google.authUrl, consent.email),
  'google.issueCode': ({ google }) => google.issueCode(consent),
  'google.issueTokens': ({ google }) => google.issueTokens(consent),
  'google.revokeAccess': ({ google }) => google.revokeAccess(consent.email),
  'google.changePassword': ({ google }) => google.changePassword(consent.email),
  'google.addCalendar': ({ google }) => google.addCalendar(consent.email, '予定'),
  'google.expireAccessTokens': ({ google }) => google.expireAccessTokens(),
  'google.invalidateSyncTokens': ({ google }) => google.invalidateSyncTokens(consent.email),
  'google.notified': ({ google }) => google.notified(),
  'faults.inFrontOf': ({ faults }) => faults.inFrontOf('smtp'),
}

/** What answers at once, and what ends something. */
const NO_WAITS: ReadonlySet<string> = new Set(
  `close faults.close postgres.close smtp.close smtp.setAnswers smtp.renewAccessToken stripe.close stripe.setTroubles stripe.invoices stripe.setWebhookUrl
  stripe.deliveries stripe.customers stripe.products stripe.prices stripe.checkoutSessions
  stripe.subscriptions stripe.events stripe.requests stripe.requestCount stripe.webhooks.pause
  stripe.webhooks.attempts google.close google.grants google.events google.requests
  google.requestCount google.mails google.setTroubles google.loseNotifications`.split(/\s+/),
)

/** Of the S3 server only a local folder is asked. */
const NOT_WALKED: ReadonlySet<string> = new Set(['s3', 'services'])

function* functionsIn(value: object, path = ''): Generator<string> {
  for (const [key, member] of Object.entries(value)) {
    const name = path === '' ? key : `${path}.${key}`
    if (NOT_WALKED.has(name)) continue
    if (typeof member === 'function') yield name
    else if (typeof member === 'object' && member !== null && !Array.isArray(member))
      yield* functionsIn(member as object, name)
  }
}

/** How `wait` ends when the scope around it is cancelled, before it begins or once it waits. */
async function cancelled(wait: () => Promise<unknown>, when: 'before' | 'under way') {
  return await cancelScope(async (scope) => {
    if (when === 'before') scope.cancel('enough')
    const waiting = wait()
    scope.cancel('enough')
    await waiting
  }).catch((error: unknown) => error)
}

describe('the waits of a sandbox', () => {
  let sandbox: Sandbox
  const seen = Promise.withResolvers<void>()
  const receiver = createServer(() => seen.resolve())
  beforeAll(async () => {
    sandbox = await startSandbox({ stripe: { webhookTimeoutMs: 600_000 } })
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const { port } = receiver.address() as AddressInfo
    const { stripe } = sandbox
    stripe.setWebhookUrl(`http://127.0.0.1:${port}`)
    await fetch(`${stripe.url}/v1/customers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stripe.secretKey}` },
    })
    await seen.promise
  })
  afterAll(async () => {
    await sandbox.close()
    receiver.closeAllConnections()
    receiver.close()
  })

  it('are all known here', () => {
    const all = [...functionsIn(sandbox)].filter((name) => !NO_WAITS.has(name))
    expect(all.toSorted()).toEqual(Object.keys(WAITS).toSorted())
  })

  it.each(Object.keys(WAITS))('do not begin in a cancelled scope: %s', async (name) => {
    const error = await cancelled(() => WAITS[name]!(sandbox), 'before')
    expect(Cancelled.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ outcome: 'none' })
  })

  it.each(['smtp.inbox.waitFor', 'smtp.inbox.waitForCount'])('end with it: %s', async (name) => {
    const error = await cancelled(() => WAITS[name]!(sandbox), 'under way')
    expect(error).toMatchObject({ name: 'Cancelled', message: 'enough' })
  })

  it.each(['stripe.webhooks.idle', 'stripe.webhooks.resume', 'stripe.webhooks.redeliver'])(
    'end with it, though the receiver of a webhook never answers: %s',
    async (name) => {
      const error = await cancelled(() => WAITS[name]!(sandbox), 'under way')
      expect(error).toMatchObject({ name: 'Cancelled', message: 'enough' })
    },
  )

  it.each(['createDatabase', 'dropDatabase', 'kill', 'restart'])(
    'end with it, though PostgreSQL is frozen: postgres.%s',
    async (name) => {
      const { postgres } = sandbox
      await postgres.kill('SIGSTOP')
      const error = await cancelled(() => WAITS[`postgres.${name}`]!(sandbox), 'under way')
      expect(error).toMatchObject({ name: 'Cancelled', message: 'enough', outcome: 'unknown' })
      // A restart goes on in the background, and may have ended the frozen one by now.
      await postgres.kill('SIGCONT').catch((failure: unknown) => {
        if (name !== 'restart') throw failure
      })
      if (name === 'kill' || name === 'restart') await postgres.restart()
    },
  )
})

const STARTS: Readonly<Record<string, () => Promise<AsyncDisposable>>> = {
  startSandbox: () => startSandbox(),
  startPostgres: () => startPostgres(),
  startSmtp: () => startSmtp(),
  startStripe: () => startStripe(),
  startGoogle: () => startGoogle(),
  startFaultProxy: () => startFaultProxy({ target: { host: '127.0.0.1', port: 1 } }),
}

describe.each(Object.entries(STARTS))('%s', (_, start) => {
  it.each(['before', 'under way'] as const)(
    'leaves nothing running in a scope that is cancelled %s',
    async (when) => {
      const handles = (): number =>
        process.getActiveResourcesInfo().filter((name) => /Server|Process/.test(name)).length
      const before = handles()
      const error = await cancelled(start, when)
      expect(Cancelled.isInstance(error)).toBe(true)
      await expect.poll(handles).toBeLessThanOrEqual(before)
    },
  )
})
