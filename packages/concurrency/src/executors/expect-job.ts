import { expected } from '../arguments/expected.ts'
import { type AnyFunction, inlineNameOf } from './inline/inline-source.ts'

/** A job as it was passed, checked. */
export interface ExpectedJob {
  readonly name: string
  readonly args: readonly unknown[]
  /** The function itself, where it is none of the module's. */
  readonly fn: AnyFunction | undefined
}

/**
 * Throws unless it is a job, by its name or as a function.
 *
 * @param hasModule whether there is a module to look for a name in
 */
export function expectJob(job: object, hasModule: boolean): ExpectedJob {
  if (typeof job !== 'object' || job === null) throw expected('job to be an object', job)
  const { name, args, fn } = job as Partial<ExpectedJob>
  if (!Array.isArray(args)) throw expected(`the job's args to be an array`, args)
  if (fn !== undefined && name !== undefined) {
    throw new TypeError('Expected one of name and fn, got both')
  }
  if (fn !== undefined) return { name: inlineNameOf(fn), args, fn }
  if (typeof name !== 'string' || name === '') {
    throw expected(`the job's name to be a string, or its fn a function`, name)
  }
  if (!hasModule) {
    const advice = ': without a module there are no jobs by name'
    throw expected('job to be a function', name, advice)
  }
  return { name, args, fn: undefined }
}
