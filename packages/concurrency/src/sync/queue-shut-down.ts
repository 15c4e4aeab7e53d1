import { hasMark, mark } from '../scopes/marker.ts'

/** Thrown by `put` after a queue was shut down, and by `get` when nothing is left in it either. */
export class QueueShutDown extends Error {
  /** The name of the queue. */
  readonly queue: string

  static {
    mark(this.prototype, 'QueueShutDown')
  }

  constructor(queue: string) {
    super(`queue "${queue}" was shut down`)
    this.queue = queue
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is QueueShutDown {
    return hasMark(value, 'QueueShutDown')
  }
}
