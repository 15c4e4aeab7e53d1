/** What a worker's context says beside what a handler may know. */
export interface RunsOn {
  /** The database of the worker. */
  readonly runsOn: object
}

/** The database of the worker that made a context; of one that no worker made, the context itself. */
export function runsOn(context: object): object {
  return (context as Partial<RunsOn>).runsOn ?? context
}
