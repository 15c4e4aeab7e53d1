import { cancelScope } from '@yuzuru/concurrency'
import { createWorker } from '@yuzuru/jobs'
import type { FaultProxy, Sandbox } from '@yuzuru/sandbox'
import type { Hono } from 'hono'
import type { App } from '../src/app.ts'
import { dashboardRoutes } from '../src/dashboards/routes.ts'
import type { DayObserver } from '../src/day/day-observer.ts'
import { DayRuns, type LiveDay } from '../src/day/day-runs.ts'
import type { Check, StepResult } from '../src/day/report.ts'
import { dayRoutes } from '../src/day/routes.tsx'
import { faultRoutes } from '../src/faults/routes.tsx'
import { inboxRoutes } from '../src/inbox/routes.tsx'
import { type OutsideWorld, startOutsideWorld } from '../src/outside-world.ts'
import { serveApp } from '../src/serve-app.ts'
import type { Environment } from '../src/web/environment.ts'
import { startServer } from '../src/web/start-server.ts'

/** The steps of a day of the tests. */
const TITLES = [
  { ja: '事業所の登録', en: 'Registration' },
  { ja: 'お支払いの登録', en: 'Checkout' },
  { ja: '支援計画書の保存', en: 'The document' },
]

const ARRIVES = { ja: 'メールが届く', en: 'the mail arrives' }
const ONCE = { ja: 'リンクは一度だけ', en: 'the link works once' }
const LOST = { ja: 'Stripe の返事を失わせる', en: 'Losing Stripe’s answer' }

/** A day of which one step holds, and one fails. */
export async function shortDay(observer: DayObserver): Promise<readonly StepResult[]> {
  const results = [true, false].map((holds, index): StepResult => {
    const number = index + 1
    const title = TITLES[index]!
    observer.begins(number, title)
    const checks: Check[] = [
      { text: ARRIVES, holds: true, seen: '1' },
      { text: ONCE, holds, seen: '2' },
    ]
    observer.notes(number, { kind: 'breaks', text: LOST })
    for (const check of checks) observer.notes(number, { kind: 'check', ...check })
    const failure = holds ? undefined : 'StripeError: connection_lost'
    const result = { number, title, checks, tookMs: 12, failure }
    observer.ends(result)
    return result
  })
  return results
}

/** The whole app on a sandbox of its own, its worker in this process. */
export interface TestApp extends AsyncDisposable {
  readonly url: string
  readonly app: App
  readonly sandbox: Sandbox
  /** The line that the app and browsers have to the store. */
  readonly storeLine: FaultProxy
  /** The days that are watched at /day: `shortDay` is over. */
  readonly runs: DayRuns
  /** What the button at /day lives. */
  live: LiveDay
}

/** @param extra further routes, for what a test has to look into */
export async function openTestApp(
  extra: (app: App) => readonly Hono<Environment>[] = () => [],
): Promise<TestApp> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer(0))
  const world = stack.use(await startOutsideWorld(undefined, `http://127.0.0.1:${server.port}`))
  const { sandbox } = world
  const storeLine = await sandbox.faults.inFrontOf('s3')
  const runs = new DayRuns(TITLES)
  await runs.run(shortDay)
  const day: { live: LiveDay } = { live: shortDay }
  const routes = (app: App): Hono<Environment>[] => [
    inboxRoutes(sandbox.smtp.inbox),
    dashboardRoutes(app),
    dayRoutes(app, runs, (observer) => day.live(observer)),
    faultRoutes(app, sandbox),
    ...extra(app),
  ]
  const behindLine: OutsideWorld = {
    ...world,
    settingsFor: async (publicUrl) => {
      const settings = await world.settingsFor(publicUrl)
      const { storage } = settings
      const endpoint = new URL(storeLine.url(storage.endpoint)).origin
      return { ...settings, storage: { ...storage, endpoint } }
    },
  }
  const served = stack.use(await serveApp(behindLine, server, { connections: 20, extra: routes }))
  stack.use(runs)
  const { app, settings } = served
  const stop = new AbortController()
  const worker = createWorker(app.db, { jobs: Object.values(app.jobs), pollMs: 50 })
  const working = cancelScope(() => worker.run(), { signal: stop.signal }).catch(() => undefined)
  stack.defer(async () => {
    stop.abort()
    await working
  })
  const open = stack.move()
  return Object.assign(day, {
    url: settings.publicUrl,
    app,
    sandbox,
    storeLine,
    runs,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  })
}
