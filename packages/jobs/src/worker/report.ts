import type { CancelScope } from '@yuzuru/concurrency'
import { taskTree, type TaskTreeNode } from '@yuzuru/concurrency/inspect'
import {
  MOST_NAMES,
  type ReportedWait,
  type RunningReport,
  type WorkerReport,
} from '../engine/worker-report.ts'

/** How many running jobs a worker says something of. */
const MOST_JOBS = 50

/** How many waits it says of each, and how many characters of one. */
const MOST_WAITS = 5
const MOST_CHARACTERS = 200

/** Where its handlers run. */
interface Places {
  /** How many may run at once: in the worker, in threads and in processes. */
  readonly places: number
  /** How many run. */
  readonly busy: number
}

/** What a worker serves. */
export interface Served {
  readonly queues: readonly string[]
  readonly names: readonly string[]
}

/**
 * What a worker says of itself, as JSON.
 *
 * @param held what it holds; what is not running says nothing
 */
export function reportOf(
  { queues, names }: Served,
  { places, busy }: Places,
  held: Iterable<{ report(): RunningReport | undefined }>,
): string {
  const jobs: RunningReport[] = []
  for (const each of held) {
    if (jobs.length === MOST_JOBS) break
    const report = each.report()
    if (report !== undefined) jobs.push(report)
  }
  const report: WorkerReport = {
    concurrency: places,
    queues: queues.slice(0, MOST_NAMES),
    kinds: names.slice(0, MOST_NAMES),
    running: busy,
    jobs,
  }
  // PostgreSQL stores no NUL in `jsonb`, and JSON none but as an escape.
  return JSON.stringify(report).replaceAll('\\u0000', '')
}

/** What a handler waits for: the I/O that is under way within its scope, and the locks and queues. No payload is in it. */
export function waitsWithin(scope: CancelScope): ReportedWait[] {
  return taskTree({ scope, limit: 20, total: 100 })
    .flatMap((node) => waitsOf(node))
    .slice(0, MOST_WAITS)
}

function waitsOf(node: TaskTreeNode): ReportedWait[] {
  const within = [
    ...node.waits.map(({ what, forMs }) => wait(what, forMs)),
    ...node.children.flatMap((child) => waitsOf(child)),
  ]
  return node.kind === 'io' ? [wait(node.name, node.ageMs), ...within] : within
}

function wait(what: string, forMs: number | undefined): ReportedWait {
  const shown = what.slice(0, MOST_CHARACTERS).toWellFormed()
  return forMs === undefined ? { what: shown } : { what: shown, forMs: Math.round(forMs) }
}
