import { sleep } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'
import { type Kysely, sql } from 'kysely'
import { defineCron } from '../src/cron/define-cron.ts'
import { defineJob } from '../src/job/define-job.ts'
import { enqueue, enqueueMany } from '../src/queue/enqueue.ts'
import { createWorker } from '../src/worker/worker.ts'
import type { TestSchema } from './open-kysely.ts'

/** What an attacker would put into a payload, a name or an error. */
export const EVIL = `<img src=x onerror="document.title='owned'">'"</script><script>document.title='owned'</script>`

/** A queue in which everything that the dashboard shows is there once, with names as people give them. */
export async function fillQueue(db: Kysely<TestSchema>): Promise<{
  readonly failedId: string
  readonly steppedId: string
  readonly runningId: string
  /** Runs until its scope is cancelled. */
  readonly work: () => Promise<void>
  /** Resolves when the handler that waits has begun to. */
  readonly begun: Promise<void>
}> {
  const smtp = new Semaphore(0, { name: 'smtp' })
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const invoice = defineJob<object>({
    name: 'send-invoice',
    queue: 'billing',
    attempts: 2,
    backoff: () => 1,
    run: async () => {
      throw Object.assign(new Error(`the address was refused ${EVIL}`), { code: 'rejected' })
    },
  })
  const plan = defineJob<object>({
    name: 'approve-plan',
    run: async (_, { step }) => {
      await step('charge', () => sleep(30))
      await step('write the PDF', () => sleep(60))
      await step('mail the family', () => sleep(20))
      await step.sleep('a week', 7 * 86_400_000)
    },
  })
  const calendar = defineJob<object>({
    name: 'sync-calendar',
    timeoutMs: 3_600_000,
    run: async (_, { step }) => {
      resolve()
      await step('send the invitations', () => smtp.acquire())
    },
  })
  const remind = defineJob<object>({ name: 'remind-staff', run: async () => undefined })
  const report = defineJob<object>({
    name: 'monthly-report',
    queue: 'reports',
    run: async () => undefined,
  })
  const nightly = defineCron({
    name: 'nightly-reminders',
    job: remind,
    payload: {},
    schedule: '30 2 * * *',
    timeZone: 'Asia/Tokyo',
    missed: 'once',
  })
  const monthly = defineCron({
    name: 'monthly-report',
    job: report,
    payload: {},
    schedule: '0 9 1 * *',
    timeZone: 'Asia/Tokyo',
  })
  const failed = await enqueue(db, invoice, {
    to: 'hanako@example.jp',
    note: EVIL,
    token: 'tok_1234567890abcdef',
    'taro@example.jp': { amount: 12_000 },
  })
  await enqueueMany(db, invoice, [{ to: 'a' }, { to: 'b' }, { to: 'c' }])
  const stepped = await enqueue(db, plan, { planId: 7 })
  const jobs = [invoice, plan, remind]
  const worker = createWorker(db, { jobs, crons: [nightly, monthly], pollMs: 10 })
  for (let round = 0; round < 3; round += 1) {
    await worker.runUntilIdle()
    await sleep(20)
  }
  const running = await enqueue(db, calendar, { office: 3 })
  await enqueueMany(
    db,
    report,
    Array.from({ length: 120 }, (_, month) => ({ month })),
  )
  await enqueueMany(
    db,
    remind,
    Array.from({ length: 40 }, (_, n) => ({ n })),
    { delayMs: 3_600_000 },
  )
  const work = createWorker(db, {
    jobs: [calendar, remind],
    crons: [nightly, monthly],
    drainMs: 0,
    heartbeatMs: 200,
  })
  return {
    failedId: failed.id,
    steppedId: stepped.id,
    runningId: running.id,
    begun,
    work: () => work.run(),
  }
}

/** Ten minutes of a busy afternoon, in the history. */
export async function fillHistory(db: Kysely<TestSchema>): Promise<void> {
  await sql`
    insert into yuzuru_job_history (id, name, queue, state, payload, priority, attempt, max_attempts, run_at, enqueued_at,
      started_at, finished_at)
    select gen_random_uuid(), job.name, job.queue,
      case when random() < job.bad then 'failed' else 'completed' end, '{}', 0, 1, 5,
      job.at - job.took - job.waited, job.at - job.took - job.waited, job.at - job.took, job.at
    from (
      select kind.*, now() - n * interval '1 second' - random() * interval '1 second' as at,
        (40 + 30 * sin(n / 60.0) + random() * 60) * interval '1 millisecond' as waited,
        (120 + 90 * random() + 60 * cos(n / 45.0)) * interval '1 millisecond' as took
      from generate_series(0, 620) as n, (values ('remind-staff', 'default', 9, 0.004),
        ('sync-calendar', 'default', 4, 0.0), ('send-invoice', 'billing', 3, 0.03)) as kind (name, queue, many, bad),
        generate_series(1, kind.many + (kind.many * sin(n / 70.0 + kind.many))::integer)
    ) as job`.execute(db)
}
