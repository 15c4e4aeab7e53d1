import { run } from '@yuzuru/concurrency'
import { createWorker } from '@yuzuru/jobs'
import { type App, openApp } from './app.ts'
import { answerFigures } from './chaos/figures.ts'
import type { Settings } from './settings.ts'
import { printForNobody, SHUTDOWN_SIGNALS } from './ending.ts'

/** What the worker process tells its parent. */
export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'completed'; readonly jobId: string }

const settings = await new Promise<Settings>((resolve) => {
  process.once('message', (message) => resolve(message as Settings))
})
let app: App | undefined
answerFigures(() => app)
printForNobody()

await run(
  async (scope) => {
    // Without its parent nothing could restart or stop this process, so it ends when the pipe to the parent
    // closes.
    process.once('disconnect', () => scope.cancel('the parent process is gone'))
    const tell = (message: WorkerMessage): void => {
      if (process.connected) process.send?.(message)
    }
    await using opened = await openApp(settings, 16)
    app = opened
    const worker = createWorker(opened.db, {
      jobs: Object.values(opened.jobs),
      crons: opened.crons,
      concurrency: 8,
      // Short, so that a killed worker's jobs come back within the demo's patience.
      leaseMs: 4_000,
      heartbeatMs: 800,
      pollMs: 250,
      onEvent: (event) => {
        if (event.type === 'completed') tell({ type: 'completed', jobId: event.jobId })
        if (event.type === 'error')
          console.error(`worker: ${event.operation}: ${String(event.error)}`)
        // The job stays failed until someone looks at it.
        if (event.type === 'failed')
          console.error(`worker: ${event.name} ${event.jobId} has failed: ${String(event.error)}`)
      },
    })
    tell({ type: 'ready' })
    await worker.run()
  },
  { name: 'worker', shutdownSignals: SHUTDOWN_SIGNALS },
)

// The pipe to the parent would keep the process alive.
if (process.connected) process.disconnect?.()
