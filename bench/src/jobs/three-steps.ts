/** Jobs of three steps, of which each keeps its result. */
import { deepStrictEqual } from 'node:assert/strict'
import { createWorker, defineJob, enqueueMany } from '@yuzuru/jobs'
import { ours, type Queue, settle } from './queues.ts'

export const STEPS: readonly string[] = ['first', 'second', 'third']

/** How many jobs are under way at once: the worker's default. */
export const AT_ONCE = 10

/** When the first job of a turn began, and the last one ended: to connect is no part of it. */
export class Span {
  #from: number | undefined
  #to = 0

  async during(fn: () => Promise<void>): Promise<void> {
    this.#from ??= performance.now()
    await fn()
    this.#to = performance.now()
  }

  /** Its length in milliseconds; the next one begins. */
  end(): number {
    const from = this.#from ?? Number.NaN
    this.#from = undefined
    return this.#to - from
  }
}

export interface Timed extends Queue {
  readonly span: Span
}

/** Does so many jobs; gives how many a second. */
export async function turn(queue: Timed, jobs: number): Promise<number> {
  await queue.fill(jobs)
  const done = await queue.drain(jobs)
  const tookMs = queue.span.end()
  deepStrictEqual(done, jobs, `${queue.name} did not do each job once`)
  return (jobs / tookMs) * 1_000
}

/** Ours, with its defaults. */
export async function workflows(resources: AsyncDisposableStack): Promise<Timed> {
  const { db, url } = await ours(resources, 'yuzuru')
  const span = new Span()
  let done = 0
  const job = defineJob<{ n: number }>({
    name: 'three-steps',
    run: ({ n }, { step }) =>
      span.during(async () => {
        for (const name of STEPS) await step(name, async () => ({ n }))
        done += 1
      }),
  })
  return {
    name: 'yuzuru, three steps',
    span,
    async fill(jobs) {
      const payloads = Array.from({ length: jobs }, (_, n) => ({ n }))
      await enqueueMany(db, job, payloads)
      await settle(url, 'yuzuru_jobs, yuzuru_job_history, yuzuru_job_steps')
    },
    async drain() {
      done = 0
      await createWorker(db, { jobs: [job], concurrency: AT_ONCE }).runUntilIdle()
      return done
    },
  }
}
