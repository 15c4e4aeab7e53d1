import type { Outcome } from '@yuzuru/concurrency'
import { JobError } from '../job-error.ts'
import type { WithResult } from '../job/job-result.ts'
import type { KeptError } from '../job/kept-error.ts'
import { checked, PayloadRefusal } from '../job/payload-schema.ts'
import type { EndedJob } from './ended-jobs.ts'

/** What the result of a job is asked for. */
export interface ResultRequest {
  readonly operation: 'waitFor' | 'step.run'
  readonly job: WithResult
  readonly id: string
}

/**
 * The result of a job that has ended, through its schema.
 *
 * @param ended `undefined` for none with that id
 * @throws {JobError} when it has no result: `'not_found'`, `'job_failed'`, `'job_cancelled'`, `'invalid_result'`
 */
export async function endResult(
  { operation, job, id }: ResultRequest,
  ended: EndedJob | undefined,
): Promise<unknown> {
  const fail = (message: string, init: Failure): JobError =>
    new JobError(message, { operation, retryable: false, ...init })
  if (ended === undefined) {
    throw fail(`There is no job ${id}, or no longer`, { code: 'not_found', outcome: 'none' })
  }
  if (ended.state !== 'completed') {
    const { message, ...init } = endOf(ended)
    throw fail(message, init)
  }
  const value: unknown = ended.result === undefined ? undefined : JSON.parse(ended.result)
  if (job.result === undefined) return value
  try {
    return await checked(job.result, value, 'result')
  } catch (error) {
    if (!(error instanceof PayloadRefusal)) throw error
    const message = `"${job.name}" does not accept the result of job ${id}: ${error.message}`
    throw fail(message, { code: 'invalid_result', outcome: 'none', cause: error.cause })
  }
}

interface Failure {
  readonly code: 'not_found' | 'job_failed' | 'job_cancelled' | 'invalid_result'
  readonly outcome: Outcome
  readonly cause?: unknown
}

/** How a job ended that has not completed. What it did before that may stand. */
function endOf({ id, name, state, error }: EndedJob): Failure & { readonly message: string } {
  const kept = error === undefined ? undefined : (JSON.parse(error) as KeptError)
  const cause = kept === undefined ? {} : { cause: kept }
  const outcome = kept?.outcome === 'none' ? 'none' : 'unknown'
  if (state === 'cancelled') {
    return {
      message: `Job ${id} ("${name}") was cancelled`,
      code: 'job_cancelled',
      outcome,
      ...cause,
    }
  }
  const reason = kept === undefined ? '' : `: ${kept.message}`
  return { message: `Job ${id} ("${name}") failed${reason}`, code: 'job_failed', outcome, ...cause }
}
