import { Cancelled, cancelScope, gather, sleep } from '@yuzuru/concurrency'
import { Event } from '@yuzuru/concurrency/sync'
import { createWorker, defineJob, enqueue, type Job } from '@yuzuru/jobs'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import { BOUNDARIES } from './boundaries.ts'
import type { Fault } from './fault.ts'

const NAME = 'worker-gone'

/** After how long a job of a worker that is gone is taken by another, in milliseconds. */
const LEASE_MS = 1_000

/** What became of the job of each fault, by its mark. */
const runs = new Map<string, { begun: number; done: number }>()

interface Payload {
  /** Whose it is. */
  readonly mark: string
}

/** A worker is gone in the middle of a job, and says nothing more: as by SIGKILL, or with its machine. */
export const workerFault: Fault = {
  name: NAME,
  boundary: BOUNDARIES.jobs,
  text: { ja: 'worker が仕事の途中で消える', en: 'A worker is gone in the middle of a job' },
  code: 'await enqueue(tx, job, payload)',
  guarantee: 9,
  sees: 'nothing',
  losesReply: false,
  act: async (stage) => {
    const { app, clear, line, mark } = stage
    // A plain promise would be waited for when its visitor has left, too.
    const begun = new Event({ name: 'a worker has begun the job' })
    const done = new Event({ name: 'another one has done it' })
    const job = defineJob<Payload>({
      name: NAME,
      timeoutMs: 20_000,
      run: async ({ mark: whose }) => {
        const count = runs.get(mark)
        // One that an earlier fault could not take away.
        if (count === undefined || whose !== mark) return
        count.begun += 1
        begun.set()
        // The first one never comes to its end.
        if (count.begun === 1) await sleep(Infinity)
        count.done += 1
        done.set()
      },
    })
    runs.set(mark, { begun: 0, done: 0 })
    await enqueue(clear.db, job, { mark })
    const stop = new AbortController()
    await gather([
      () => workUntil(app, job, stop.signal),
      async () => {
        await begun.wait()
        await line.close()
        const other = new AbortController()
        await gather([
          () => workUntil(clear, job, other.signal),
          () => done.wait().finally(() => other.abort()),
        ])
        stop.abort()
      },
    ])
  },
  held: async ({ mark }) => {
    const { begun = 0, done = 0 } = runs.get(mark) ?? {}
    return {
      holds: begun === 2 && done === 1,
      text: {
        ja: '仕事は失われず、ほかの worker が同じ番号で初めからやり直した',
        en: 'The job was not lost: another worker began it again, under the same id',
      },
    }
  },
  clean: async ({ clear, mark }) => {
    runs.delete(mark)
    // Not by a cancel: who runs it is gone, and no other worker knows such a job.
    await sql`
      delete from yuzuru_jobs where name = ${NAME} and payload ->> 'mark' = ${mark}`.execute(
      clear.db,
    )
  },
}

async function workUntil({ db }: App, job: Job<Payload>, signal: AbortSignal): Promise<void> {
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
