import { expect } from 'vitest'
import type { Kysely } from 'kysely'
import { defineIsolatedJob, type IsolatedJobOptions } from '../src/job/define-isolated-job.ts'
import type { RunIn } from '../src/job/isolated-kind.ts'
import type { Job } from '../src/job/job.ts'
import { getJob } from '../src/queue/get-job.ts'
import type * as handlers from './isolated-handlers.ts'
import type { TestSchema } from './open-kysely.ts'

type Handlers = typeof handlers

/** The names of those that are handlers. */
export type HandlerName = Exclude<keyof Handlers, 'notAFunction'>

const module = new URL('isolated-handlers.ts', import.meta.url)

/** A kind of job with a handler of `isolated-handlers.ts`, and its name. */
export function isolated(
  handler: HandlerName,
  runIn: RunIn,
  options: Partial<IsolatedJobOptions<unknown, unknown, unknown, string>> = {},
): Job {
  const make = defineIsolatedJob as (options: object) => Job
  return make({ name: handler, handler, runIn, module, attempts: 2, backoff: () => 0, ...options })
}

/** What a job says of its progress, as soon as it says something. */
export async function saysOf(db: Kysely<TestSchema>, id: string): Promise<unknown> {
  const said = async (): Promise<unknown> => (await getJob(db, id))?.progress?.value
  await expect.poll(said, { interval: 20, timeout: 60_000 }).toBeDefined()
  return await said()
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
