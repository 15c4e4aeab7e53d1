/** A worker in a process of its own, `dying-flow-process.ts <url> <folder>`, for {@link dyingFlow}. */
import { run } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { createWorker } from '../src/worker/worker.ts'
import { dyingFlow, type EffectsSchema } from './dying-flow.ts'
import './keep-compiled.ts'

const [url = '', folder = ''] = process.argv.slice(2)

await run(async () => {
  await using db = createDatabase<EffectsSchema>({ url })
  await createWorker(db, { jobs: dyingFlow(db, folder), concurrency: 2, pollMs: 20 }).run()
})
