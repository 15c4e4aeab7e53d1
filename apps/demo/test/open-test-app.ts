import { cancelScope } from '@yuzuru/concurrency'
import { createWorker } from '@yuzuru/jobs'
import type { Sandbox } from '@yuzuru/sandbox'
import { migrateApp, openApp } from '../src/app.ts'
import { inboxRoutes } from '../src/inbox/routes.tsx'
import { startOutsideWorld } from '../src/outside-world.ts'
import { serve } from '../src/web/serve.ts'
import { createWebApp } from '../src/web/web-app.ts'

/** The whole app on a sandbox of its own, its worker in this process. */
export interface TestApp extends AsyncDisposable {
  readonly url: string
  readonly sandbox: Sandbox
}

export async function openTestApp(): Promise<TestApp> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await startOutsideWorld(undefined))
  let handler: (request: Request) => Response | Promise<Response> = () => new Response()
  const server = stack.use(await serve((request) => handler(request), 0))
  const url = `http://127.0.0.1:${server.port}`
  const app = stack.use(await openApp(await world.settingsFor(url), 20))
  await migrateApp(app.db)
  const web = createWebApp(app, [inboxRoutes(world.sandbox.smtp.inbox)])
  handler = (request) => web.fetch(request)
  const stop = new AbortController()
  const worker = createWorker(app.db, { jobs: Object.values(app.jobs), pollMs: 50 })
  const working = cancelScope(() => worker.run(), { signal: stop.signal }).catch(() => undefined)
  stack.defer(async () => {
    stop.abort()
    await working
  })
  const open = stack.move()
  return { url, sandbox: world.sandbox, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
