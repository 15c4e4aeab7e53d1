/**
 * A worker in a process of its own: `scale-process.ts <url> <dies at>`. At the end number `<dies at>` it kills itself, with
 * others under way.
 */
import { run } from '@yuzuru/concurrency'
import { createWorker } from '../src/worker/worker.ts'
import { openKysely } from './open-kysely.ts'
import { scaledKinds } from './scaled.ts'
import './keep-compiled.ts'

const [url = '', diesAt = '0'] = process.argv.slice(2)
let ends = 0

await run(async () => {
  const db = openKysely(url, 12)
  try {
    const jobs = scaledKinds(db, () => {
      ends += 1
      if (ends === Number(diesAt)) process.kill(process.pid, 'SIGKILL')
    })
    await createWorker(db, { jobs, pollMs: 20, leaseMs: 2_000, concurrency: 6 }).run()
  } finally {
    await db.destroy()
  }
})
