/**
 * A worker in a process of its own, `dying-process.ts <url>`. Each job's handler has steps, and kills its process
 * when it first reaches the place that its payload names: between any two awaits, inside and outside of the
 * steps and their transactions.
 */
import { run } from '@yuzuru/concurrency'
import { createDatabase, type Queryable } from '@yuzuru/db'
import { createWorker } from '../src/worker/worker.ts'
import { dyingJob, type DyingSchema } from './dying-job.ts'
import './keep-compiled.ts'

const [url = ''] = process.argv.slice(2)

await run(async () => {
  await using db = createDatabase<DyingSchema>({ url })
  // Not `db`, which is not to be used within its own transactions.
  await using notes = createDatabase<DyingSchema>({ url, connections: 1 })
  const effect = async (to: Queryable<DyingSchema>, jobId: string, step: string): Promise<void> => {
    await to.insertInto('effects').values({ job_id: jobId, step }).execute()
  }
  const job = dyingJob(async ({ dieAt }, { jobId, step }) => {
    let place = 0
    const at = async (): Promise<void> => {
      if (place++ !== dieAt) return
      const dead = await notes
        .insertInto('deaths')
        .values({ job_id: jobId })
        .onConflict((on) => on.doNothing())
        .returning('job_id')
        .execute()
      if (dead.length > 0) process.kill(process.pid, 'SIGKILL')
    }
    await at()
    await step('first', db, async (tx) => {
      await at()
      await effect(tx, jobId, 'first')
      await at()
    })
    await at()
    await step('plain', async () => {
      await at()
      await effect(db, jobId, 'plain')
      await at()
    })
    await at()
    await step('second', db, (tx) => effect(tx, jobId, 'second'))
    await at()
  })
  await createWorker(db, {
    jobs: [job],
    concurrency: 1,
    pollMs: 20,
  }).run()
})
