/** A worker in a process of its own, whose handlers run in processes: `isolated-process.ts <url>`. */
import { run } from '@yuzuru/concurrency'
import { defineIsolatedJob } from '../src/job/define-isolated-job.ts'
import { createWorker } from '../src/worker/worker.ts'
import { openKysely } from './open-kysely.ts'
import type * as handlers from './isolated-handlers.ts'
import './keep-compiled.ts'

const [url = ''] = process.argv.slice(2)
const job = defineIsolatedJob<typeof handlers, 'spin'>({
  name: 'spin',
  handler: 'spin',
  runIn: 'process',
  module: new URL('isolated-handlers.ts', import.meta.url),
})

await run(async () => {
  const db = openKysely(url, 5)
  try {
    await createWorker(db, { jobs: [job], pollMs: 20, drainMs: 100, graceMs: 100 }).run()
  } finally {
    await db.destroy()
  }
})
