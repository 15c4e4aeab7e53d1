import { cancelScope } from '@yuzuru/concurrency'
import { createWorker } from '@yuzuru/jobs'
import type { Sandbox } from '@yuzuru/sandbox'
import type { Hono } from 'hono'
import type { App } from '../src/app.ts'
import { dashboardRoutes } from '../src/dashboards/routes.ts'
import { inboxRoutes } from '../src/inbox/routes.tsx'
import { startOutsideWorld } from '../src/outside-world.ts'
import { serveApp } from '../src/serve-app.ts'
import type { Environment } from '../src/web/environment.ts'
import { startServer } from '../src/web/start-server.ts'

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
