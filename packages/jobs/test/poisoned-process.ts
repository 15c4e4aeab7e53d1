/** A worker in a process of its own, `poisoned-process.ts <url>`: jobs named `poison` end that process. */
import { run, sleep } from '@yuzuru/concurrency'
import { defineJob } from '../src/job/define-job.ts'
import { createWorker } from '../src/worker/worker.ts'
import { openKysely } from './open-kysely.ts'
import './keep-compiled.ts'

const [url = ''] = process.argv.slice(2)

await run(async () => {
  const db = openKysely(url, 5)
  const poison = defineJob<object>({
    name: 'poison',
    attempts: 2,
    run: async () => {
      // So that its neighbours run as well.
      await sleep(50)
      process.exit(7)
    },
  })
  const neighbour = defineJob<object>({ name: 'neighbour', attempts: 2, run: () => sleep(100) })
  const jobs = [neighbour, poison]
  await createWorker(db, { jobs, pollMs: 20, heartbeatMs: 100 }).run()
})
