import type { IsolatedKind } from './isolated-kind.ts'
import type { JobContext } from './job.ts'

/** The threads and processes of a worker. */
export interface Isolation {
  /** Runs a handler in one of them, and gives what it returned. */
  run(kind: IsolatedKind, payload: unknown, context: JobContext): Promise<unknown>
}
