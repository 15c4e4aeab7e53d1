import {
  describeValue,
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import type { QueryExecutorProvider } from 'kysely'
import type { Cron } from '../cron/define-cron.ts'
import { availableParallelism } from 'node:os'
import { expectDatabase } from '../database/execute.ts'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'
import type { Listen } from './listening.ts'
import type { WorkerEvent } from './worker-event.ts'
import { expectLog, type WorkerLog } from './worker-log.ts'

/** How {@link createWorker} works. */
export interface WorkerOptions {
  /** The kinds of job that it runs; it takes no others. At least one. */
  readonly jobs: readonly Job[]
  /**
   * What it enqueues at times of the clock, together with all other workers that have the same. It looks for what is
   * due at the time that comes next, and every 5 s. @default none, and then it does not look
   */
  readonly crons?: readonly Cron[] | undefined
  /** How many handlers run at once in the worker itself: an integer from 1 to 1,000. @default 10 */
  readonly concurrency?: number | undefined
  /** The queues that it serves. @default those of `jobs` */
  readonly queues?: readonly string[] | undefined
  /**
   * For how long a job must have been due to go before one of a priority better by one, in milliseconds from 1 to a day;
   * for a difference of two twice as long, and so on. Of four jobs that a worker takes at most one is taken for its age.
   * `Infinity`: never, so that what waits behind a steady stream of better ones waits for ever. @default 60_000
   */
  readonly agingMs?: number | undefined
  /**
   * How often it looks for work without a notification (a retry, a job for later, a lost notification),
   * in milliseconds from 10 up; up to a fifth less or more at random. @default 1_000
   */
  readonly pollMs?: number | undefined
  /** How long its jobs are this worker's without a heartbeat, in milliseconds from 100 up. @default 30_000 */
  readonly leaseMs?: number | undefined
  /** How often the lease is extended: at most half of `leaseMs`. @default a third of `leaseMs` */
  readonly heartbeatMs?: number | undefined
  /** How long running handlers may go on after a shutdown was asked for, in milliseconds. @default 10_000 */
  readonly drainMs?: number | undefined
  /**
   * How long the whole stop may take, also when neither handlers nor the database answer, in milliseconds
   * from `drainMs` up. What has not been written down by then comes back when the lease has run out; a
   * handler that still runs is reported and left behind. @default `drainMs` + 15_000 (25 s in all)
   */
  readonly stopMs?: number | undefined
  /**
   * How many handlers run at once in threads, of kinds with `runIn: 'thread'`, beside those in the worker: an integer from
   * 1 to 1,000. @default the processor's cores
   */
  readonly threads?: number | undefined
  /** The same of processes, of kinds with `runIn: 'process'`. @default the processor's cores */
  readonly processes?: number | undefined
  /**
   * How long a handler in a thread or process may take to end once it is to, in milliseconds up to `stopMs` − `drainMs`; then
   * that thread or process is killed. @default 1_000
   */
  readonly graceMs?: number | undefined
  /**
   * The most that the JavaScript heap of a thread or process of handlers may hold, in MiB, from 1 up: beyond that it ends, and
   * with it the attempt that it runs. @default Node's
   */
  readonly maxHeapMb?: number | undefined
  /**
   * Where the worker's own statements go, on up to four connections: heartbeats must not wait until a handler
   * gives one back. You close it. @default for a database of `@yuzuru/db` with connections of its own, as many
   * more like those (`beside`); else `db`, which then needs four beside those of the handlers
   */
  readonly engine?: Queryable<object> | undefined
  /**
   * LISTEN: gives something whenever the channel is notified.
   *
   * @default that of `@yuzuru/db`, where `db` has connections of its own; else, and behind a pooler
   * through which nothing is heard, the worker polls: soon after there was work, then more and more seldom
   */
  readonly listen?: Listen | undefined
  /**
   * Where each attempt that has ended is a line, with its error if it failed, and what else the worker reports: pino,
   * `console`, or anything with `info`, `warn` and `error`. @default none: what fails is only seen in the tables
   */
  readonly log?: WorkerLog | undefined
  /** Called with what happens, for metrics and logs of your own. An error of its own becomes a process warning. */
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined
}

const WORKER_OPTIONS = Object.keys({
  jobs: true,
  crons: true,
  concurrency: true,
  queues: true,
  agingMs: true,
  pollMs: true,
  leaseMs: true,
  heartbeatMs: true,
  drainMs: true,
  stopMs: true,
  threads: true,
  processes: true,
  graceMs: true,
  maxHeapMb: true,
  engine: true,
  listen: true,
  log: true,
  onEvent: true,
} satisfies Record<keyof WorkerOptions, true>)

/** The options with their defaults. */
export interface WorkerSettings {
  readonly jobs: ReadonlyMap<string, Job>
  readonly crons: readonly Cron[]
  readonly names: readonly string[]
  readonly concurrency: number
  readonly queues: readonly string[]
  readonly agingMs: number
  readonly pollMs: number
  readonly leaseMs: number
  readonly heartbeatMs: number
  readonly drainMs: number
  readonly stopMs: number
  readonly isolated: IsolationSettings
  readonly engine: QueryExecutorProvider | undefined
  readonly listen: Listen | undefined
  readonly log: WorkerLog | undefined
  readonly onEvent: ((event: WorkerEvent) => void) | undefined
}

const DAY_MS = 86_400_000

/** Defaults first, then checks. */
export function settingsOf(options: WorkerOptions): WorkerSettings {
  expectRequiredOptions(options, WORKER_OPTIONS, 'createWorker')
  const { jobs, crons = [], concurrency = 10, pollMs = 1_000, leaseMs = 30_000 } = options
  const { heartbeatMs = leaseMs / 3, drainMs = 10_000, engine, listen, log, onEvent } = options
  if (!Array.isArray(jobs) || jobs.length === 0) {
    const got = Array.isArray(jobs) ? 'an empty one' : describeValue(jobs)
    throw new TypeError(
      `Expected jobs to be an array of at least one job made by defineJob, got ${got}`,
    )
  }
  const byName = new Map(jobs.map((job: Job) => [job.name, job]))
  if (byName.size < jobs.length) throw new TypeError('Expected jobs to have names that differ')
  expectCrons(crons)
  const queues = [...new Set(options.queues ?? jobs.map((job: Job) => job.queue))]
  for (const queue of queues) expectName('queue', queue)
  if (queues.length === 0) throw new TypeError('Expected queues to hold at least one queue')
  expectInteger('concurrency', concurrency, 1, 1_000)
  const { agingMs = 60_000 } = options
  if (agingMs !== Infinity) expectMilliseconds('agingMs', agingMs, 1, DAY_MS)
  expectMilliseconds('pollMs', pollMs, 10, DAY_MS)
  expectMilliseconds('leaseMs', leaseMs, 100, DAY_MS)
  expectMilliseconds('heartbeatMs', heartbeatMs, 10, leaseMs / 2)
  expectMilliseconds('drainMs', drainMs, 0, DAY_MS)
  const { stopMs = drainMs + 15_000 } = options
  expectMilliseconds('stopMs', stopMs, drainMs, 2 * DAY_MS)
  const isolated = isolationSettings(options, jobs, stopMs - drainMs)
  if (engine !== undefined) expectDatabase(engine)
  if (log !== undefined) expectLog(log)
  for (const [option, fn] of Object.entries({ listen, onEvent })) {
    if (fn !== undefined) expectFunction(option, fn)
  }
  return {
    jobs: byName,
    crons,
    names: [...byName.keys()],
    concurrency,
    queues,
    agingMs,
    pollMs,
    leaseMs,
    heartbeatMs,
    drainMs,
    stopMs,
    isolated,
    engine,
    listen,
    log,
    onEvent,
  }
}

/** How handlers run that are apart from the worker. */
export interface IsolationSettings {
  readonly jobs: readonly Job[]
  readonly threads: number
  readonly processes: number
  readonly graceMs: number
  readonly maxHeapMb: number | undefined
}

function isolationSettings(
  options: WorkerOptions,
  jobs: readonly Job[],
  mostGraceMs: number,
): IsolationSettings {
  const cores = availableParallelism()
  const { threads = cores, processes = cores, maxHeapMb } = options
  const { graceMs = Math.min(1_000, mostGraceMs) } = options
  expectInteger('threads', threads, 1, 1_000)
  expectInteger('processes', processes, 1, 1_000)
  expectMilliseconds('graceMs', graceMs, 0, mostGraceMs)
  if (maxHeapMb !== undefined) expectInteger('maxHeapMb', maxHeapMb, 1)
  return { jobs, threads, processes, graceMs, maxHeapMb }
}

function expectCrons(crons: readonly Cron[]): void {
  if (!Array.isArray(crons) || crons.some((cron: Cron) => typeof cron?.payloadAt !== 'function')) {
    throw new TypeError('Expected crons to be an array of what defineCron makes')
  }
  if (new Set(crons.map((cron: Cron) => cron.name)).size < crons.length) {
    throw new TypeError('Expected crons to have names that differ')
  }
}
