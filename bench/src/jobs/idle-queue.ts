/** A queue with a worker that has nothing to do. */
export interface IdleQueue {
  readonly name: string
  /** Puts one job into it, and resolves once that runs. */
  readonly once: () => Promise<void>
}
