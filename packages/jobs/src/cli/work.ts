import { keptError } from '../job/kept-error.ts'
import { createWorker } from '../worker/worker.ts'
import type { WorkerEvent } from '../worker/worker-event.ts'
import type { CommandConfig } from './load-config.ts'
import { type Asked, graceMsIn, numberIn } from './read-arguments.ts'
import { printable, type Terminal } from './terminal.ts'

/** `run` works until its process is to end; `drain` until nothing is due. Both say on stderr what fails. */
export async function work(
  { command, options }: Asked,
  { db, jobs, crons }: CommandConfig,
  { stdout, stderr }: Terminal,
): Promise<void> {
  const concurrency = numberIn(options, 'concurrency', { min: 1, max: 1_000 })
  const drainMs = graceMsIn(options)
  const counts = { completed: 0, failed: 0, retrying: 0 }
  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'completed' || event.type === 'failed' || event.type === 'retrying') {
      counts[event.type] += 1
    }
    const said = lineOf(event)
    if (said !== undefined) stderr.write(`${printable(said)}\n`)
  }
  const worker = createWorker(db, { jobs, crons, concurrency, drainMs, onEvent })
  const kinds = jobs.map(({ name }) => name).join(', ')
  stdout.write(`${worker.id} works on ${printable(kinds)}\n`)
  try {
    await (command === 'run' ? worker.run() : worker.runUntilIdle())
  } finally {
    const { completed, failed, retrying } = counts
    stdout.write(`completed ${completed}, failed ${failed}, to be retried ${retrying}\n`)
  }
}

/** What is said of an event; of what goes as it should, nothing. */
function lineOf(event: WorkerEvent): string | undefined {
  if (event.type === 'failed' || event.type === 'retrying') {
    const what = event.type === 'failed' ? 'failed' : `is retried in ${event.delayMs} ms`
    // Not its message, which may hold what is not for a log; `list` and the dashboard have it.
    const { name, code = name } = keptError(event.error)
    return `${event.name} ${event.jobId} ${what}: ${code}`
  }
  if (event.type === 'lost') return `${event.name} ${event.jobId} was taken over by another worker`
  if (event.type === 'blocked') return `The event loop stood still for ${event.forMs} ms`
  if (event.type === 'recovered') {
    return `${event.job.name} ${event.job.id} came back from a worker that vanished`
  }
  if (event.type === 'error') return `${event.operation} failed: ${keptError(event.error).message}`
  return undefined
}
