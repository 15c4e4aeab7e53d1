import { Cancelled, cancelScope, taskGroup } from '@yuzuru/concurrency'
import { createDatabase, migrate } from '@yuzuru/db'
import { type PostgresServer, startFaultProxy, startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { jobsMigrations } from '../database/migrations.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'
import type { WorkerEvent } from './worker-event.ts'

let postgres: PostgresServer
let url: string

beforeAll(async () => {
  postgres = await startPostgres()
})

beforeEach(async () => {
  url = await postgres.createDatabase()
  await using db = createDatabase({ url })
  await migrate(db, [jobsMigrations])
})

afterAll(() => postgres.close())

/** Resolves when a heartbeat has failed `times` times. */
function failedBeats(times: number): {
  readonly beats: Promise<void>
  readonly onEvent: (event: WorkerEvent) => void
} {
  const { promise: beats, resolve } = Promise.withResolvers<void>()
  let failed = 0
  return {
    beats,
    onEvent: (event) => {
      if (event.type === 'error' && event.operation === 'heartbeat') failed += 1
      if (failed === times) resolve()
    },
  }
}

describe('a database that is away for longer than the lease', () => {
  test('has no running job run twice: leases are extended before jobs are taken back', async () => {
    await using db = createDatabase<object>({ url })
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    let runs = 0
    const job = defineJob<{ n: number }>({
      name: 'goes-on',
      run: async () => {
        runs += 1
        if (runs === 5) begun.resolve()
        await end.promise
      },
    })
    await enqueueMany(
      db,
      job,
      Array.from({ length: 5 }, (_, n) => ({ n })),
    )
    const seen: string[] = []
    const options = { jobs: [job], leaseMs: 2_000, heartbeatMs: 200, pollMs: 50, drainMs: 0 }
    // Many: by then the leases have run out, by this clock and by the server's.
    const { beats, onEvent } = failedBeats(30)
    await taskGroup(async (group) => {
      const spawn = (): { cancel(message: string): void } =>
        group.spawn(() =>
          createWorker(db, {
            ...options,
            onEvent: (event) => {
              seen.push(event.type)
              onEvent(event)
            },
          }).run(),
        )
      const workers = [spawn(), spawn()]
      await begun.promise
      await postgres.kill()
      await beats
      await postgres.restart()
      end.resolve()
      await expect
        .poll(() => jobStats(db).catch(() => undefined), { interval: 20, timeout: 100_000 })
        .toMatchObject({ completed: 5, running: 0, waiting: 0 })
      for (const worker of workers) worker.cancel('the test is over')
    })
    expect(runs).toBe(5)
    expect(seen).not.toContain('recovered')
    expect(seen).not.toContain('lost')
  })
})

describe('a stop', () => {
  test('has one deadline, also when the database is silent, and uses no attempt', async () => {
    const { hostname: host, port } = new URL(url)
    await using proxy = await startFaultProxy({ target: { host, port: Number(port) } })
    await using direct = createDatabase<object>({ url })
    const db = createDatabase<object>({ url: proxy.url(url) })
    const begun = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'cut',
      run: async (_, { signal }) => {
        begun.resolve()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        signal.throwIfAborted()
      },
    })
    const { id } = await enqueue(direct, job, {})
    // All its other limits are minutes away.
    const options = { leaseMs: 600_000, heartbeatMs: 10, drainMs: 0, stopMs: 2_000 }
    const call = cancelScope(async (scope) => {
      const work = createWorker(db, { jobs: [job], ...options }).run()
      await begun.promise
      proxy.set({ halfOpen: true })
      scope.cancel('SIGTERM, say')
      await work
    })
    await expect(call).rejects.toSatisfy((error) => Cancelled.isInstance(error))
    expect(await getJob(direct, id)).toMatchObject({ state: 'running', attempt: 1 })
    await db.close({ drainMs: 0 })

    // What could not be given back comes back with the end of the lease, and no attempt is used.
    await sql`update yuzuru_job_workers set lease_until = now() - interval '1 second', lease_ms = 0`.execute(
      direct,
    )
    const attempts: number[] = []
    const after = defineJob<object>({
      name: 'cut',
      run: async (_, { attempt }) => void attempts.push(attempt),
    })
    await createWorker(direct, { jobs: [after] }).runUntilIdle()
    expect(attempts).toEqual([1])
    expect(await getJob(direct, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })
})
