import { expectFunction, expectObject } from '@yuzuru/concurrency/boundary'
import type { WorkerEvent } from './worker-event.ts'

/** What a worker logs to: pino, `console`, or anything with these functions of a line and a message. */
export interface WorkerLog {
  info(line: WorkerLine, message: string): void
  warn(line: WorkerLine, message: string): void
  error(line: WorkerLine, message: string): void
}

/** One line for each attempt that has ended, and for what else a worker reports. It holds no payload. */
export interface WorkerLine {
  readonly event: WorkerEvent['type']
  /** The kind of the job, where it is about one. */
  readonly job?: string | undefined
  readonly jobId?: string | undefined
  readonly attempt?: number | undefined
  readonly cron?: string | undefined
  /** What the worker itself was doing, of an `error`. */
  readonly operation?: string | undefined
  /** In how many milliseconds it goes on, or for how many the event loop stood still. */
  readonly delayMs?: number | undefined
  /** What the attempt, or the worker, failed with: the error itself, with its stack. */
  readonly err?: unknown
}

type Level = keyof WorkerLog

/** What is not here is `info`. */
const LEVELS: Partial<Record<WorkerEvent['type'], Level>> = {
  failed: 'error',
  error: 'error',
  retrying: 'warn',
  lost: 'warn',
  recovered: 'warn',
  blocked: 'warn',
  missed: 'warn',
}

/** Writes what has happened as a line. That an attempt has begun is none: its end is. */
export function writeEvent(log: WorkerLog, event: WorkerEvent): unknown {
  if (event.type === 'started') return undefined
  const line = lineOf(event)
  const what = line.job ?? line.cron ?? line.operation ?? 'the event loop'
  return log[LEVELS[event.type] ?? 'info'](line, `${what}: ${event.type}`)
}

function lineOf(event: WorkerEvent): WorkerLine {
  const { type } = event
  switch (event.type) {
    case 'blocked':
      return { event: type, delayMs: event.forMs }
    case 'recovered':
      return { event: type, job: event.job.name, jobId: event.job.id, attempt: event.job.attempt }
    case 'fired':
      return { event: type, cron: event.cron, jobId: event.jobId }
    case 'missed':
      return { event: type, cron: event.cron }
    case 'error':
      return { event: type, operation: event.operation, err: event.error }
    default:
      return {
        event: type,
        job: event.name,
        jobId: event.jobId,
        attempt: event.attempt,
        ...('delayMs' in event && { delayMs: event.delayMs }),
        // A job that is given back at a shutdown has not failed.
        ...((event.type === 'failed' || event.type === 'retrying') && { err: event.error }),
      }
  }
}

/** Throws unless it can be logged to. */
export function expectLog(log: WorkerLog): void {
  expectObject('log', log)
  for (const level of ['info', 'warn', 'error'] as const) expectFunction(`log.${level}`, log[level])
}
