import type { Hono } from 'hono'
import { type App, migrateApp, openApp } from './app.ts'
import type { OutsideWorld } from './outside-world.ts'
import type { Settings } from './settings.ts'
import type { Environment } from './web/environment.ts'
import type { WebServer } from './web/start-server.ts'
import { createWebApp } from './web/web-app.ts'

/** The app and the pages that it is reached by. */
export interface ServedApp extends AsyncDisposable {
  readonly app: App
  readonly settings: Settings
}

export interface ServeAppOptions {
  /** How many connections to the database. */
  readonly connections: number
  /** What only a demo has: the sandbox's inbox, the day's table. */
  readonly extra: (app: App) => readonly Hono<Environment>[]
}

/**
 * Opens the app over an outside world and has `server` answer with its pages. At its end the requests
 * under way are answered first, then what they work with is closed.
 */
export async function serveApp(
  world: OutsideWorld,
  server: WebServer,
  options: ServeAppOptions,
): Promise<ServedApp> {
  await using stack = new AsyncDisposableStack()
  const settings = await world.settingsFor(`http://127.0.0.1:${server.port}`)
  const app = stack.use(await openApp(settings, options.connections))
  await migrateApp(app.db)
  const web = createWebApp(app, options.extra(app))
  server.answerWith((request, origin) => web.fetch(request, origin))
  stack.defer(() => server.close())
  app.background.start('the watch over calendars', () => app.watches.run())
  const open = stack.move()
  return { app, settings, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
