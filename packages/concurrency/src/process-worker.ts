import { deserialize, serialize } from 'node:v8'
import { describeFailure } from './executors/job-failure.ts'
import type { JobAnswer, JobRequest } from './executors/job-pool.ts'
import { Moved } from './executors/moved.ts'
import { isProcessSignal, type ProcessMessage } from './executors/process-message.ts'
import { packReport } from './executors/reports.ts'
import { type CancelFlag, lazyModule, type LoadModule, runJob } from './executors/run-job.ts'
import { unserialisableResult } from './executors/unserialisable.ts'

/** The job that was last asked to end: that message may arrive before the job itself. */
let asked = 0
let onAsked: (() => void) | undefined

/** There is but one, though it comes with each job. */
let load: LoadModule | undefined

process.on('message', (message) => {
  if (!isProcessSignal(message)) return
  asked = message.number
  onAsked?.()
})

// Without its parent its work has no use.
process.once('disconnect', () => process.exit())

/** What tinypool calls in each process. */
export default async function work({
  number,
  module,
  request,
  reports,
}: ProcessMessage): Promise<Uint8Array> {
  const job = deserialize(request) as JobRequest
  load ??= lazyModule(module)
  const report = (value: unknown): void => void process.send?.(packReport(job.name, number, value))
  const answer = await runJob(load, job, flagOf(number), reports ? report : undefined)
  return pack(job.name, answer)
}

function flagOf(number: number): CancelFlag {
  const isRaised = (): boolean => asked === number
  return {
    isRaised,
    watch(callback) {
      onAsked = callback
      return () => {
        onAsked = undefined
      }
    },
  }
}

function pack(job: string, answer: JobAnswer): Uint8Array {
  if (answer.kind !== 'value') return serialize(answer)
  const value = answer.value instanceof Moved ? answer.value.value : answer.value
  try {
    return serialize({ kind: 'value', value })
  } catch {
    return serialize({ kind: 'error', failure: describeFailure(unserialisableResult(job, value)) })
  }
}
