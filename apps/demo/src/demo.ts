import { sleep } from '@yuzuru/concurrency'
import type { Hono } from 'hono'
import type { App } from './app.ts'
import type { DemoOptions } from './command-line.ts'
import { dashboardRoutes } from './dashboards/routes.ts'
import type { Day } from './day/day.ts'
import { observers } from './day/day-observer.ts'
import { DayRuns } from './day/day-runs.ts'
import { fold } from './day/fold.ts'
import { liveDay, STEPS } from './day/live-day.ts'
import { liveDayApart } from './day/live-day-apart.ts'
import { paint } from './day/paint.ts'
import { printDay } from './day/print-day.ts'
import { stepHolds } from './day/report.ts'
import { dayRoutes } from './day/routes.tsx'
import { renderSummary } from './day/summary.ts'
import { Visitor } from './day/visitor.ts'
import { faultRoutes } from './faults/routes.tsx'
import { inboxRoutes } from './inbox/routes.tsx'
import { startOutsideWorld } from './outside-world.ts'
import { serveApp } from './serve-app.ts'
import type { Environment } from './web/environment.ts'
import { startServer } from './web/start-server.ts'
import { WorkerProcess } from './worker-process.ts'

/** A hundred pages of two reads each at once should wait for the reads, not for connections. */
const WEB_CONNECTIONS = 100

/** Starts the outside world and the app, lives the day once, sums it up, and serves on. */
export async function demo({ once, dir, port, language }: DemoOptions): Promise<void> {
  const print = (line: string): void => console.log(paint(fold(line)))
  const say = (ja: string, en: string): void => print({ ja, en }[language])

  // First of all: a port that is taken is better known before everything has started.
  await using server = await startServer(port)
  say(
    'サンドボックスを起動しています（PostgreSQL、S3、SMTP、Stripe、Google）…',
    'Starting the sandbox (PostgreSQL, S3, SMTP, Stripe, Google) …',
  )
  await using world = await startOutsideWorld(dir, `http://127.0.0.1:${server.port}`)
  const { sandbox, stripeLine } = world
  const runs = new DayRuns(STEPS.map(({ title }) => title))
  const extra = (app: App): Hono<Environment>[] => [
    inboxRoutes(sandbox.smtp.inbox),
    dayRoutes(app, runs, (observer) => liveDayApart(observer, WEB_CONNECTIONS)),
    dashboardRoutes(app),
    faultRoutes(app, sandbox),
  ]
  await using served = await serveApp(world, server, { connections: WEB_CONNECTIONS, extra })
  const { app, settings } = served
  // Pages that follow the day hear of its end before the server waits for them.
  await using _following = runs
  await using worker = await WorkerProcess.start(settings)
  say(`けいかくんが動きました: ${settings.publicUrl}`, `けいかくん is up: ${settings.publicUrl}`)

  await using manager = new Visitor(settings.publicUrl)
  await using stranger = new Visitor(settings.publicUrl)
  const runId = Date.now().toString(36)
  const day: Day = { app, sandbox, stripeLine, worker, manager, stranger, runId, facts: {} }
  const toTerminal = printDay(STEPS.length, language, print)
  const results = await runs.run((observer) => liveDay(day, observers(toTerminal, observer)))
  print('')
  if (results === undefined) say('画面から中止されました', 'It was cancelled from the page')
  else console.log(paint(renderSummary(results, language)))
  if (results?.every((result) => stepHolds(result)) !== true) process.exitCode = 1
  if (once) return

  print('')
  say(
    `画面: ${settings.publicUrl}（終了は Ctrl-C）`,
    `The pages: ${settings.publicUrl} (Ctrl-C ends it)`,
  )
  try {
    await sleep(Infinity)
  } finally {
    say('終了しています…', 'Shutting down …')
  }
}
