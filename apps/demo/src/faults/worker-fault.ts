import { Cancelled, cancelScope, gather, sleep } from '@yuzuru/concurrency'
import { createWorker, defineJob, enqueue, type Job } from '@yuzuru/jobs'
import type { App } from '../app.ts'
import { BOUNDARIES } from './boundaries.ts'
import type { Fault, Stage } from './fault.ts'

/** After how long a job of a worker that is gone is taken by another, in milliseconds. */
const LEASE_MS = 1_000

/** What became of the job of each fault. */
const runs = new WeakMap<Stage, { begun: number; done: number }>()

/** A worker is gone in the middle of a job, and says nothing more: as by SIGKILL, or with its machine. */
export const workerFault: Fault = {
  name: 'worker-gone',
  boundary: BOUNDARIES.jobs,
  text: { ja: 'worker が仕事の途中で消える', en: 'A worker is gone in the middle of a job' },
  code: 'await enqueue(tx, job, payload)',
  guarantee: 9,
  act: async (stage) => {
    const { app, clear, line, mark } = stage
    const count = { begun: 0, done: 0 }
    runs.set(stage, count)
    const begun = Promise.withResolvers<void>()
    const done = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: mark,
      timeoutMs: 20_000,
      run: async () => {
        count.begun += 1
        begun.resolve()
        // The first one never comes to its end.
        if (count.begun === 1) await sleep(Infinity)
        count.done += 1
        done.resolve()
      },
    })
    await enqueue(clear.db, job, {})
    const stop = new AbortController()
    await gather([
      () => workUntil(app, job, stop.signal),
      async () => {
        await begun.promise
        await line.close()
        const other = new AbortController()
        await gather([
          () => workUntil(clear, job, other.signal),
          () => done.promise.finally(() => other.abort()),
        ])
        stop.abort()
      },
    ])
  },
  held: async (stage) => {
    const { begun, done } = runs.get(stage) ?? { begun: 0, done: 0 }
    return {
      holds: begun === 2 && done === 1,
      text: {
        ja: '仕事は失われず、ほかの worker が同じ番号で初めからやり直した',
        en: 'The job was not lost: another worker began it again, under the same id',
      },
    }
  },
}

async function workUntil({ db }: App, job: Job<object>, signal: AbortSignal): Promise<void> {
  const times = {
    leaseMs: LEASE_MS,
    heartbeatMs: LEASE_MS / 4,
    pollMs: 100,
    drainMs: 100,
    stopMs: 500,
  }
  const worker = createWorker(db, { jobs: [job], ...times, onEvent: () => undefined })
  await cancelScope(() => worker.run(), { signal }).catch((error: unknown) => {
    if (!Cancelled.isInstance(error)) throw error
  })
}
