import { io } from '@yuzuru/concurrency'
import { encryption } from '@yuzuru/db'
import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import { Emitted } from '../test/emitted.ts'
import { WorkerInProcess } from '../test/worker-in-process.ts'
import { type App, openApp } from './app.ts'
import type { Day } from './day/day.ts'
import { liveDay } from './day/live-day.ts'
import { printDay } from './day/print-day.ts'
import { Visitor } from './day/visitor.ts'
import { inboxRoutes } from './inbox/routes.tsx'
import { type OutsideWorld, startOutsideWorld } from './outside-world.ts'
import { serveApp } from './serve-app.ts'
import type { Settings } from './settings.ts'
import { startServer } from './web/start-server.ts'
import type { WorkerProcess } from './worker-process.ts'

/** What must not be shown to anybody, by what it is. */
type Planted = Map<string, string>

test('no secret of a day is in anything that the packages tell', { timeout: 240_000 }, async () => {
  await using emitted = new Emitted()
  for (const method of ['log', 'warn', 'error', 'info', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
      for (const value of values) emitted.note('console', value)
    })
  }
  const planted = await livedDay(emitted)
  vi.restoreAllMocks()
  const texts = await emitted.texts()
  const leaks = [...texts].flatMap(([where, text]) =>
    Array.from(planted).flatMap(([what, secret]) => {
      const at = text.indexOf(secret)
      if (at < 0) return []
      return [`${what} in ${where}: …${text.slice(Math.max(0, at - 200), at + secret.length)}…`]
    }),
  )
  expect(leaks).toEqual([])
  const signatures = [...texts].filter(([, text]) => /(?:Signature|state|code)=\w{16}/.test(text))
  expect(signatures.map(([where]) => where)).toEqual([])
  // Each place was looked at, and failures were among what was seen there.
  for (const where of ['spans', 'metrics', 'task tree', 'errors', 'tracing:yuzuru:io:error']) {
    expect(texts.get(where), where).toBeTruthy()
  }
  expect(planted.size).toBeGreaterThanOrEqual(15)
})

test('what a package would tell is heard', async () => {
  await using emitted = new Emitted()
  const failure = Object.assign(new Error('an error'), { hidden: { deep: ['the planted one'] } })
  const call = { boundary: 'demo', operation: 'tell', effect: 'read' } as const
  await expect(io(call, {}, () => Promise.reject(failure))).rejects.toThrow()
  process.stderr.write('the planted two\n')
  const texts = await emitted.texts()
  expect(texts.get('tracing:yuzuru:io:error')).toContain('the planted one')
  expect(texts.get('stderr')).toContain('the planted two')
  expect(texts.get('spans')).toContain('demo.tell')
})

async function livedDay(emitted: Emitted): Promise<Planted> {
  const server = await startServer(0)
  await using world = await startOutsideWorld(undefined)
  const { sandbox, stripeLine } = world
  const extra = () => [inboxRoutes(sandbox.smtp.inbox)]
  await using served = await serveApp(world, server, { connections: 40, extra })
  const { app, settings } = served
  await using worker = new WorkerInProcess(app, (event) => emitted.note('worker', event))
  await using manager = new Visitor(settings.publicUrl)
  await using stranger = new Visitor(settings.publicUrl)
  const runId = Date.now().toString(36)
  const day: Day = {
    app,
    sandbox,
    stripeLine,
    worker: worker as unknown as WorkerProcess,
    manager,
    stranger,
    runId,
    facts: {},
  }
  const print = (line: string): void => emitted.note('the day', line)
  const results = await liveDay(day, printDay(12, 'en', print))
  expect(results.flatMap(({ failure }) => failure ?? [])).toEqual([])
  const planted = await plantedIn(world, app, settings)
  await failures(settings, emitted)
  const kept = await sql<{ kept: unknown }>`select last_error as kept from yuzuru_jobs
    union all select last_error from yuzuru_job_history`.execute(app.db)
  emitted.note('kept errors', kept.rows)
  return planted
}

/** The secrets of the configuration, and those that came to be in the course of the day. */
async function plantedIn(
  { sandbox }: OutsideWorld,
  app: App,
  settings: Settings,
): Promise<Planted> {
  const planted: Planted = new Map([
    ['the password of the database', new URL(settings.databaseUrl).password],
    ['the key of S3', settings.storage.secretAccessKey],
    ['the password of SMTP', settings.mail.password],
    ['the key of Stripe', settings.stripe.secretKey],
    ['the secret of Stripe’s webhooks', settings.stripe.webhookSecret],
    ['the secret of Google’s client', settings.google.clientSecret],
    ['the secret of the app', settings.appSecret],
    ['the key of the columns', settings.encryption.keys['k1'] ?? ''],
  ])
  for (const { text = '' } of sandbox.smtp.inbox.messages) {
    const token = /\/verify\?token=(\S+)/.exec(text)?.[1]
    if (token !== undefined) planted.set(`the sign-in token ${planted.size}`, token)
    const line = text.split('\n').find((each) => each.length > 12 && !each.includes('://'))
    if (line !== undefined) planted.set(`the mail's line "${line}"`, line)
  }
  const cipher = encryption(settings.encryption).encryptedText('yuzuru_calendar_accounts', 'sealed')
  const accounts = await sql<{ reference: string; sealed: string }>`
    select reference, sealed from yuzuru_calendar_accounts`.execute(app.db)
  for (const { reference, sealed } of accounts.rows) {
    planted.set(`the sealed tokens of ${reference}`, sealed)
    const tokens = JSON.parse(cipher.open(reference, sealed)) as Record<string, unknown>
    for (const [name, value] of Object.entries(tokens)) {
      if (typeof value === 'string' && value.length > 20 && !value.includes('://')) {
        planted.set(`Google’s ${name} of ${reference}`, value)
      }
    }
  }
  for (const [what, secret] of planted) expect(secret.length, what).toBeGreaterThan(7)
  return planted
}

/** Has each of the clients refused, cut off and misused, and notes their errors. */
async function failures(settings: Settings, emitted: Emitted): Promise<void> {
  for (const wrong of wrongSettings(settings)) {
    await using app = await openApp(wrong, 2)
    const calls: (() => Promise<unknown>)[] = [
      () => sql`select 1 from nowhere`.execute(app.db),
      () => sql`select ${settings.appSecret}::int`.execute(app.db),
      () => sql`insert into sessions (token_hash) values (${settings.appSecret})`.execute(app.db),
      () => app.storage.head('absent'),
      () => app.storage.upload('plans/x', settings.appSecret, { ifNoneMatch: '*' }),
      () => app.storage.upload('plans/x', settings.appSecret, { ifNoneMatch: '*' }),
      () => app.mail.send({ to: 'a@example.jp', subject: 'x', text: settings.appSecret }),
      () => app.billing.ensureCustomer({ reference: crypto.randomUUID(), email: 'a@example.jp' }),
      () => Array.fromAsync(app.calendar.events.list('nobody')),
    ]
    for (const call of calls) {
      try {
        await call()
      } catch (error) {
        emitted.note('errors', error)
      }
    }
  }
}

/** Everything right; a wrong user, no line; wrong keys; no lines. */
function wrongSettings(settings: Settings): Settings[] {
  const { databaseUrl, storage, mail, stripe, google } = settings
  const closed = 'http://127.0.0.1:1'
  const url = new URL(databaseUrl)
  url.username = 'nobody'
  const nowhere = new URL(databaseUrl)
  nowhere.port = '1'
  const line = { storage: { ...storage, endpoint: closed }, mail: { ...mail, port: 1 } }
  return [
    settings,
    { ...settings, databaseUrl: url.href },
    { ...settings, databaseUrl: nowhere.href },
    {
      ...settings,
      storage: { ...storage, accessKeyId: 'AKIANOBODY' },
      mail: { ...mail, user: 'nobody' },
      stripe: { ...stripe, secretKey: `${stripe.secretKey}no` },
      google: { ...google, clientSecret: `${google.clientSecret}no` },
    },
    {
      ...settings,
      ...line,
      stripe: { ...stripe, url: closed },
      google: { ...google, tokenUrl: `${closed}/token`, calendarUrl: closed },
    },
  ]
}
