import { cancelScope } from '@yuzuru/concurrency'
import { createWorker } from '@yuzuru/jobs'
import type { Sandbox } from '@yuzuru/sandbox'
import type { Hono } from 'hono'
import type { App } from '../src/app.ts'
import { dashboardRoutes } from '../src/dashboards/routes.ts'
import type { StepResult } from '../src/day/report.ts'
import { dayRoutes } from '../src/day/routes.tsx'
import { faultRoutes } from '../src/faults/routes.tsx'
import { inboxRoutes } from '../src/inbox/routes.tsx'
import { startOutsideWorld } from '../src/outside-world.ts'
import { serveApp } from '../src/serve-app.ts'
import type { Environment } from '../src/web/environment.ts'
import { startServer } from '../src/web/start-server.ts'

/** A day that is over, of one step. */
const DAY: readonly StepResult[] = [
  {
    number: 1,
    title: { ja: '事業所の登録', en: 'Registration' },
    checks: [
      { text: { ja: 'メールが届く', en: 'the mail arrives' }, holds: true, seen: '1' },
      { text: { ja: 'リンクは一度だけ', en: 'the link works once' }, holds: false, seen: '2' },
    ],
    tookMs: 12,
    failure: undefined,
  },
]

/** The whole app on a sandbox of its own, its worker in this process. */
export interface TestApp extends AsyncDisposable {
  readonly url: string
  readonly app: App
  readonly sandbox: Sandbox
}

/** @param extra further routes, for what a test has to look into */
export async function openTestApp(
  extra: (app: App) => readonly Hono<Environment>[] = () => [],
): Promise<TestApp> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await startOutsideWorld(undefined))
  const { sandbox } = world
  const routes = (app: App): Hono<Environment>[] => [
    inboxRoutes(sandbox.smtp.inbox),
    dashboardRoutes(app),
    dayRoutes(() => DAY),
    faultRoutes(app, sandbox),
    ...extra(app),
  ]
  const server = stack.use(await startServer(0))
  const served = stack.use(await serveApp(world, server, { connections: 20, extra: routes }))
  const { app, settings } = served
  const stop = new AbortController()
  const worker = createWorker(app.db, { jobs: Object.values(app.jobs), pollMs: 50 })
  const working = cancelScope(() => worker.run(), { signal: stop.signal }).catch(() => undefined)
  stack.defer(async () => {
    stop.abort()
    await working
  })
  const open = stack.move()
  return {
    url: settings.publicUrl,
    app,
    sandbox,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
