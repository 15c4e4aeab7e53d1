import { run, sleep } from '@yuzuru/concurrency'
import { type App, openApp } from '../app.ts'
import type { Settings } from '../settings.ts'
import { printForNobody, SHUTDOWN_SIGNALS } from '../ending.ts'
import { startServer } from '../web/start-server.ts'
import { createWebApp } from '../web/web-app.ts'
import { answerFigures } from './figures.ts'

/** What a web process tells its parent. */
export interface WebReady {
  readonly type: 'ready'
  readonly port: number
}

const CONNECTIONS = 20

const settings = await new Promise<Settings>((resolve) => {
  process.once('message', (message) => resolve(message as Settings))
})
let app: App | undefined
answerFigures(() => app)
printForNobody()

await run(
  async (scope) => {
    process.once('disconnect', () => scope.cancel('the parent process is gone'))
    await using opened = await openApp(settings, CONNECTIONS)
    app = opened
    await using server = await startServer(0)
    const web = createWebApp(opened, [])
    server.answerWith((request, origin) => web.fetch(request, origin))
    const ready: WebReady = { type: 'ready', port: server.port }
    process.send?.(ready)
    await sleep(Infinity)
  },
  { name: 'web', shutdownSignals: SHUTDOWN_SIGNALS },
)

// The pipe to the parent would keep the process alive.
if (process.connected) process.disconnect?.()
