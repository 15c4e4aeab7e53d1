import { randomUUID } from 'node:crypto'
import { taskGroup } from '@yuzuru/concurrency'
import type { Queryable } from '@yuzuru/db'
import { defineJob } from '../../job/define-job.ts'
import type { Job, JobContext } from '../../job/job.ts'
import { createWorker } from '../../worker/worker.ts'
import type { WorkerOptions } from '../../worker/worker-options.ts'

/** A name that nobody else uses: of a kind, a queue, a tag, an event. */
export function ownName(): string {
  return `exercise-${randomUUID()}`
}

/** A job of a name that nobody else uses, and the payloads that it was run with. */
export function recorder(fail?: (n: number) => void): { job: Job<{ n: number }>; ran: number[] } {
  const ran: number[] = []
  const job = defineJob<{ n: number }>({
    name: ownName(),
    attempts: 2,
    backoff: () => 0,
    run: async ({ n }) => {
      ran.push(n)
      fail?.(n)
    },
  })
  return { job, ran }
}

/** A job of a name that nobody else uses, whose handler has steps. */
export function stepping(run: (context: JobContext) => Promise<void>, attempts = 2): Job<object> {
  const name = ownName()
  return defineJob({ name, attempts, backoff: () => 0, run: (_, context) => run(context) })
}

/** Payloads of a {@link recorder}: 0 up to `count`. */
export function numbered(count: number): readonly { readonly n: number }[] {
  return Array.from({ length: count }, (_, n) => ({ n }))
}

/** In the order of the numbers. */
export function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b)
}

/** Runs a worker around `body`, and shuts it down after it. */
export async function withWorker<DB>(
  db: Queryable<DB>,
  options: WorkerOptions,
  body: () => Promise<void>,
): Promise<void> {
  await taskGroup(async (group) => {
    const worker = createWorker(db, { pollMs: 20, drainMs: 0, ...options })
    const working = group.spawn(() => worker.run())
    await body()
    working.cancel('the case is over')
  })
}
