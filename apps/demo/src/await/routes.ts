import { Semaphore } from '@yuzuru/concurrency/sync'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow } from '../web/access.ts'
import type { Environment } from '../web/environment.ts'
import { tooMany } from '../web/invalid.ts'
import { awaitPage, CALLERS } from './await-page.tsx'
import { manyCallers, threeReads } from './experiments.ts'
import { READS, readTogether } from './measure-reads.ts'
import { measureSlow, runSlowQuery } from './measure-slow.ts'
import { slowPage } from './slow-page.tsx'

/** What `await` costs and what it does not, measured when the page is requested; and a cancelled query. */
export function awaitRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  // Measurements that run at once would disturb each other.
  const measuring = new Semaphore(1, { name: 'measuring await' })

  routes.get('/await', allow('anyone'), async (c) => {
    const callers = CALLERS.find((count) => String(count) === c.req.query('callers')) ?? 1
    const shown = await withMeasuring(measuring, () =>
      callers === 1 ? threeReads(app) : manyCallers(app, callers),
    )
    return await awaitPage(c, callers, shown)
  })

  routes.get('/api/v1/reads', allow('anyone'), async (c) => {
    await readTogether(app.db)
    return c.json({ reads: READS })
  })

  routes.get('/slow', allow('anyone'), async (c) =>
    slowPage(c, await withMeasuring(measuring, () => measureSlow(app.db))),
  )

  routes.get('/api/v1/slow', allow('anyone'), async (c) => {
    await runSlowQuery(app.db)
    return c.text('The query was faster than its own sleep')
  })

  return routes
}

/** How many visitors may wait for their measurement: each holds a request, and has seconds to wait. */
const MOST_WAITING = 4

async function withMeasuring<T>(measuring: Semaphore, work: () => Promise<T>): Promise<T> {
  if (measuring.waiting >= MOST_WAITING) {
    const text = { ja: 'ほかの測定が終わるまでお待ちください', en: 'is being measured for others' }
    throw tooMany('callers', text)
  }
  using _permit = await measuring.acquire()
  return await work()
}
