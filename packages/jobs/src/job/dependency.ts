import type { JobState } from './job-state.ts'

/** A job of a flow that comes before another. */
export interface Dependency {
  /** The name of its part. */
  readonly part: string
  readonly id: string
  /** How it ended; `undefined` where it was put back since. */
  readonly state: JobState | undefined
  /** What its handler returned, if it has completed; `undefined` for nothing. */
  readonly result: unknown
}
