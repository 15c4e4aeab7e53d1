/**
 * A worker in a process of its own: `worker-process.ts <url> <stall at>`. Each handler writes down its
 * effect first; the one that wrote the effect number `<stall at>` then hangs and says so, so that
 * a SIGKILL finds a job between its effect and its end.
 */
import { run, sleep } from '@yuzuru/concurrency'
import { createWorker } from '../src/worker/worker.ts'
import { openKysely } from './open-kysely.ts'
import { reminder } from './reminder.ts'
import './keep-compiled.ts'

const [url = '', stallAt = '0'] = process.argv.slice(2)
let effects = 0

await run(async () => {
  const db = openKysely(url, 5)
  try {
    const job = reminder(async (jobId) => {
      await db.insertInto('effects').values({ job_id: jobId, pid: process.pid }).execute()
      effects += 1
      if (effects === Number(stallAt)) {
        process.send?.('stalled')
        await sleep(Infinity)
      }
    })
    await createWorker(db, {
      jobs: [job],
      pollMs: 20,
      leaseMs: 500,
      onEvent: ({ type }) => process.send?.(type),
    }).run()
  } finally {
    await db.destroy()
  }
})
