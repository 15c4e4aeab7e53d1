import { inboxRoutes } from '../inbox/routes.tsx'
import { startOutsideWorld } from '../outside-world.ts'
import { serveApp } from '../serve-app.ts'
import { startServer } from '../web/start-server.ts'
import { WorkerProcess } from '../worker-process.ts'
import type { DayObserver } from './day-observer.ts'
import { liveDay } from './live-day.ts'
import type { StepResult } from './report.ts'
import { Visitor } from './visitor.ts'

/**
 * Lives the day in a world of its own: a sandbox, a web server and a worker process that are there for this one day.
 * So nothing that a person has in the app that serves the pages is touched by what the day breaks on purpose, and
 * nothing is left of it, however it ends.
 *
 * @param connections to the database
 */
export async function liveDayApart(
  observer: DayObserver,
  connections: number,
): Promise<readonly StepResult[]> {
  await using server = await startServer(0)
  await using world = await startOutsideWorld(undefined, `http://127.0.0.1:${server.port}`)
  const { sandbox, stripeLine } = world
  const extra = () => [inboxRoutes(sandbox.smtp.inbox)]
  await using served = await serveApp(world, server, { connections, extra })
  const { app, settings } = served
  await using worker = await WorkerProcess.start(settings)
  await using manager = new Visitor(settings.publicUrl)
  await using stranger = new Visitor(settings.publicUrl)
  const runId = Date.now().toString(36)
  return await liveDay(
    { app, sandbox, stripeLine, worker, manager, stranger, runId, facts: {} },
    observer,
  )
}
