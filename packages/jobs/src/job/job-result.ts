import { checked, isPromise, PayloadRefusal, type PayloadSchema } from './payload-schema.ts'
import { serialise } from './payload.ts'

/** What a kind of job says of its results. */
export interface WithResult {
  readonly name: string
  readonly result: PayloadSchema | undefined
}

/**
 * What a handler returned, as the JSON that is kept; `undefined` for nothing.
 *
 * @throws {TypeError} when it is not JSON, or is larger than 1 MiB
 */
export function resultText({ name }: WithResult, value: unknown): string | undefined {
  return value === undefined ? undefined : serialise(value, `the result of "${name}"`)
}

/**
 * Throws unless the job's schema accepts its result; a promise where that is asynchronous. A `TypeError`, which fails
 * the job at once: to do it again would have its effects again.
 */
export function expectResult(job: WithResult, value: unknown): void | Promise<void> {
  if (job.result === undefined) return undefined
  const refused = (error: unknown): never => {
    if (!(error instanceof PayloadRefusal)) throw error
    throw new TypeError(
      `Expected the result of "${job.name}" to be what its schema accepts, got another: ${error.message}`,
      { cause: error.cause },
    )
  }
  try {
    const accepted = checked(job.result, value, 'result')
    return isPromise(accepted) ? accepted.then(() => undefined, refused) : undefined
  } catch (error) {
    return refused(error)
  }
}
