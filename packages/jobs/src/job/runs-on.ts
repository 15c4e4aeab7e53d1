import type { Isolation } from './isolation.ts'

/** What a worker's context says beside what a handler may know. */
export interface RunsOn {
  /** The database of the worker. */
  readonly runsOn: object
  /** Where handlers run that are apart from it. */
  readonly isolation: Isolation
}

/** The database of the worker that made a context; of one that no worker made, the context itself. */
export function runsOn(context: object): object {
  return (context as Partial<RunsOn>).runsOn ?? context
}

/** The threads and processes of the worker that made a context; `undefined` for one that no worker made. */
export function isolationOf(context: object): Isolation | undefined {
  return (context as Partial<RunsOn>).isolation
}
