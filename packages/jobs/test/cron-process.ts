/**
 * A worker with a cron in a process of its own: `cron-process.ts <url> <skew in ms> <dies at>`. Its clock is off by the
 * skew. It begins when it is told to, and kills itself in the middle of a transaction, at the payload number `<dies at>`.
 */
import { once } from 'node:events'
import { run } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { createWorker } from '../src/worker/worker.ts'
import { minutely, other } from './minutely.ts'

const [url = '', skew = '0', diesAt = '0'] = process.argv.slice(2)
const now = Date.now
Date.now = () => now() + Number(skew)
let made = 0

await run(async () => {
  await using db = createDatabase<object>({ url })
  const cron = minutely(() => {
    made += 1
    if (made === Number(diesAt)) process.kill(process.pid, 'SIGKILL')
    return { made }
  })
  process.send?.('ready')
  await once(process, 'message')
  await createWorker(db, { jobs: [other], crons: [cron] }).run()
})
