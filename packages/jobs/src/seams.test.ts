import { sleep, taskGroup } from '@yuzuru/concurrency'
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { TestSchema } from '../test/open-kysely.ts'
import { queue } from '../test/queue.ts'
import { defineBatchJob } from './job/define-batch-job.ts'
import { defineJob } from './job/define-job.ts'
import type { Job, JobContext, KeyConflict } from './job/job.ts'
import { cancelJob } from './queue/cancel-job.ts'
import { enqueue } from './queue/enqueue.ts'
import { enqueueFlow } from './queue/enqueue-flow.ts'
import { retryJobs } from './queue/retry-jobs.ts'
import { sendEvent } from './queue/send-event.ts'
import { createWorker } from './worker/worker.ts'
import type { WorkerEvent } from './worker/worker-event.ts'

const DOES = ['nothing', 'fails', 'gives up', 'snoozes', 'sleeps', 'waits', 'runs a child'] as const

interface Payload {
  readonly does: (typeof DOES)[number]
  readonly place: string
}

/** What runs at once, by what must not. */
class Watch {
  readonly broken: string[] = []
  readonly #running = new Map<string, number>()

  async during(what: readonly [string, number][], fn: () => Promise<void>): Promise<void> {
    const add = (name: string, by: number): number => {
      const now = (this.#running.get(name) ?? 0) + by
      this.#running.set(name, now)
      return now
    }
    for (const [name, most] of what) if (add(name, 1) > most) this.broken.push(name)
    try {
      await fn()
    } finally {
      for (const [name] of what) add(name, -1)
    }
  }
}

const child = defineJob<object, number>({ name: 'child', run: async () => 1 })

/** Kinds with all that says what may run and when, and handlers that do all that a handler may. */
function kindsOf(watch: Watch) {
  const does = async ({ does: what, place }: Payload, context: JobContext): Promise<void> => {
    const { attempt, jobId, snooze, step } = context
    if (what === 'gives up' || (what === 'fails' && attempt === 1)) throw new Error('no')
    if (what === 'sleeps') await step.sleep('short', 3)
    if (what === 'waits') await step.waitFor('go', { key: place })
    if (what === 'runs a child') await step.run(child, {})
    if (what === 'snoozes' && !snoozed.has(jobId)) {
      snoozed.add(jobId)
      snooze({ delayMs: 2 })
    }
  }
  const snoozed = new Set<string>()
  const kind = (
    name: string,
    options: object,
    alone: (payload: Payload) => readonly [string, number][] = () => [],
  ): Job<Payload> =>
    defineJob<Payload>({
      name,
      attempts: 2,
      backoff: () => 1,
      ...options,
      run: async (payload, context) =>
        await watch.during([[context.jobId, 1], ...alone(payload)], async () => {
          await sleep(1)
          await does(payload, context)
        }),
    })
  const place = ({ place: at }: Payload): string => at
  const keyed = (onConflict: KeyConflict): Job<Payload> =>
    kind(onConflict, { key: place, onConflict, tags: () => ['t'] }, (payload) => {
      return [[`${onConflict} ${payload.place}`, 1]]
    })
  const limits = { concurrency: 2, perTenant: { concurrency: 1 } }
  return [
    kind('plain', {}),
    keyed('again'),
    keyed('replace'),
    kind('skip', { key: place }),
    kind('group', { group: place }, (payload) => [[`group ${payload.place}`, 1]]),
    kind('limit', { tenant: place, limits }, (payload) => [
      ['limit', 2],
      [`limit ${payload.place}`, 1],
    ]),
    kind('all', { key: place, onConflict: 'again', group: () => 'one', limits }, () => [
      ['all', 1],
    ]),
    defineJob<Payload>({
      name: 'transactional',
      mode: 'transactional',
      attempts: 2,
      backoff: () => 1,
      run: async ({ does: what }, { attempt }) => {
        if (what === 'gives up' || (what === 'fails' && attempt === 1)) throw new Error('no')
      },
    }),
    defineBatchJob<Payload>({
      name: 'batch',
      size: 3,
      maxWaitMs: 1,
      attempts: 2,
      backoff: () => 1,
      run: async (items) => {
        for (const { payload, attempt, fail } of items) {
          const { does: what } = payload
          if (what === 'gives up' || (what === 'fails' && attempt === 1)) fail(new Error('no'))
        }
      },
    }),
    defineBatchJob<Payload>({
      name: 'batch in a transaction',
      mode: 'transactional',
      size: 3,
      maxWaitMs: 1,
      attempts: 2,
      backoff: () => 1,
      run: async (items) => {
        for (const { payload, attempt, fail } of items) {
          const { does: what } = payload
          if (what === 'gives up') fail(new Error('no'))
          if (what === 'fails' && attempt === 1) throw new Error('no')
        }
      },
    }),
  ] as const
}

const call = record({
  do: constantFrom('enqueue', 'enqueue', 'enqueue', 'flow', 'cancel', 'redrive', 'event'),
  kind: integer({ min: 0, max: 9 }),
  next: integer({ min: 0, max: 9 }),
  does: constantFrom(...DOES),
  place: constantFrom('a', 'b'),
})

const unfinished = async (db: Kysely<TestSchema>): Promise<unknown[]> => {
  const { rows } = await sql`
    select name, stage, waits, claim, worker, payload from yuzuru_jobs order by seq`.execute(db)
  return rows
}

test('whatever is combined, each job ends, runs once at a time and within its limits, and nothing deadlocks', async () => {
  await assert(
    asyncProperty(array(call, { minLength: 20, maxLength: 60 }), async (calls) => {
      const { db } = await queue()
      const watch = new Watch()
      const kinds = kindsOf(watch)
      const jobs = [...kinds, child] as Job[]
      const made = new Set<string>()
      const errors: unknown[] = []
      const onEvent = (event: WorkerEvent): void => {
        if (event.type === 'error') errors.push(event.error)
      }
      const work = async (): Promise<void> => {
        await createWorker(db, { jobs, concurrency: 4, onEvent }).runUntilIdle()
      }
      const ask = async (): Promise<void> => {
        for (const { do: what, kind, next, does, place } of calls) {
          const [job, other] = [kinds[kind], kinds[next]] as [Job<Payload>, Job<Payload>]
          const payload = { does, place }
          if (what === 'enqueue') {
            const { id, created } = await enqueue(db, job, payload)
            if (created) made.add(id)
          } else if (what === 'flow') {
            const parts = {
              first: { job, payload },
              next: { job: other, payload, after: 'first' as const },
            }
            // Another may have its key.
            const flow = await enqueueFlow(db, parts).catch(() => ({}))
            for (const { id, created } of Object.values(flow).flat()) if (created) made.add(id)
          } else if (what === 'cancel') {
            const [id] = [...made].slice(kind)
            if (id !== undefined) await cancelJob(db, id)
          } else if (what === 'redrive') await retryJobs(db, job)
          else await sendEvent(db, 'go', place, {})
        }
      }
      await taskGroup(async (group) => {
        group.spawn(ask)
        for (let n = 0; n < 3; n += 1) group.spawn(work)
      })
      for (let round = 0; round < 50 && (await unfinished(db)).length > 0; round += 1) {
        for (const place of ['a', 'b']) await sendEvent(db, 'go', place, {})
        await taskGroup(async (group) => {
          for (let n = 0; n < 2; n += 1) group.spawn(work)
        })
      }
      expect(await unfinished(db)).toEqual([])
      const { rows } = await sql<{ id: string }>`
        select id::text as id from yuzuru_job_history`.execute(db)
      const ended = new Set(rows.map(({ id }) => id))
      expect([...made].filter((id) => !ended.has(id))).toEqual([])
      expect(watch.broken).toEqual([])
      expect(errors).toEqual([])
    }),
    // What fails by a race does not fail again, so there is nothing to be made smaller.
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 3), endOnFailure: true },
  )
})
