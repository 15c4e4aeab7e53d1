import type { JobState } from '../job/job-state.ts'
import { findJobs } from '../queue/find-jobs.ts'
import type { JobRecord } from '../queue/get-job.ts'
import type { CommandConfig } from './load-config.ts'
import { type Asked, numberIn } from './read-arguments.ts'
import { printable, type Terminal, widthOf } from './terminal.ts'
import { textTable } from './text-table.ts'

/** One page of the jobs to which all that is asked for applies. Payloads, results and keys are not shown. */
export async function list(
  { options }: Asked,
  { db }: CommandConfig,
  terminal: Terminal,
): Promise<void> {
  const { kind, queue, tag, after, json } = options
  const limit = numberIn(options, 'limit', { min: 1, max: 1_000 }) ?? 20
  const states = options.state as readonly JobState[] | undefined
  const { jobs, next } = await findJobs(db, { job: kind, queue, tags: tag, states, limit, after })
  if (json === true) {
    for (const job of jobs) terminal.stdout.write(`${JSON.stringify(shown(job))}\n`)
    if (next !== undefined) terminal.stdout.write(`${JSON.stringify({ next })}\n`)
    return
  }
  const rows = jobs.map((job) => {
    const { id, name, state, attempt, attempts, enqueuedAt } = job
    const at = enqueuedAt.toISOString().slice(0, 19)
    return [id, printable(name), state, `${attempt}/${attempts}`, at]
  })
  for (const line of textTable(COLUMNS, rows, widthOf(terminal))) terminal.stdout.write(`${line}\n`)
  if (next !== undefined) terminal.stdout.write(`More: --after ${next}\n`)
}

const COLUMNS = [
  { title: 'id' },
  { title: 'kind', canShrink: true },
  { title: 'state' },
  { title: 'try', align: 'right' },
  { title: 'enqueued (UTC)', canShrink: true },
] as const

function shown(job: JobRecord): object {
  const { id, name, queue, state, tags, attempt, attempts, runAt, enqueuedAt, finishedAt } = job
  const error = job.lastError?.message
  return { id, name, queue, state, tags, attempt, attempts, runAt, enqueuedAt, finishedAt, error }
}
