import { pauseQueue, resumeQueue } from '../queue/pause-queue.ts'
import { ID } from '../job/expect.ts'
import { retryJob } from '../queue/retry-job.ts'
import { retryJobs } from '../queue/retry-jobs.ts'
import { scaleQueue } from '../queue/scale-queue.ts'
import type { PauseTarget } from '../queue/change-target.ts'
import type { CommandConfig } from './load-config.ts'
import { type Asked, numberIn } from './read-arguments.ts'
import { CommandError, type Terminal, UsageError } from './terminal.ts'

/** Puts one failed job back, or all failed jobs of a kind. */
export async function retry(
  { id, options: { kind } }: Asked,
  { db }: CommandConfig,
  { stdout }: Terminal,
): Promise<void> {
  if ((id === undefined) === (kind === undefined)) {
    throw new UsageError('Expected retry to have either the id of a job or --kind')
  }
  if (kind !== undefined) {
    const { retried, kept } = await retryJobs(db, kind)
    stdout.write(`${retried} are in the queue again, ${kept} stay as their key is taken\n`)
    return
  }
  if (id === undefined || !ID.test(id)) {
    throw new UsageError(`Expected the id of a job to be a UUID, got ${JSON.stringify(id)}`)
  }
  if (!(await retryJob(db, id))) throw new CommandError(`There is no failed job ${id}`)
  stdout.write('It is in the queue again\n')
}

/** Pauses a kind or a queue, or lets it go on. */
export async function changePause(
  asked: Asked,
  { db }: CommandConfig,
  { stdout }: Terminal,
): Promise<void> {
  const { command } = asked
  const target = targetOf(asked)
  const isPause = command === 'pause'
  const isChanged = await (isPause ? pauseQueue : resumeQueue)(db, target)
  const state = isPause ? 'paused' : 'not paused'
  stdout.write(isChanged ? `It is ${state} now\n` : `It was ${state} already\n`)
}

/** Sets how many of a kind or a queue run at once. */
export async function scale(
  asked: Asked,
  { db }: CommandConfig,
  { stdout }: Terminal,
): Promise<void> {
  const target = targetOf(asked)
  const { options } = asked
  if (options.concurrency === undefined) {
    throw new UsageError('Expected scale to have --concurrency, a number or none')
  }
  const places =
    options.concurrency === 'none'
      ? undefined
      : numberIn(options, 'concurrency', { min: 1, max: 100_000 })
  const isChanged = await scaleQueue(db, target, places)
  const state = places === undefined ? 'without a number' : `at most ${places} at once`
  stdout.write(isChanged ? `It is ${state} now\n` : `It was ${state} already\n`)
}

function targetOf({ command, options: { kind, queue } }: Asked): PauseTarget {
  if ((kind === undefined) === (queue === undefined)) {
    throw new UsageError(`Expected ${command} to have either --kind or --queue`)
  }
  return kind === undefined ? { queue: queue as string } : { job: kind }
}
