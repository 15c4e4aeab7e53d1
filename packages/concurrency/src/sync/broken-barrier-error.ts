import { hasMark, mark } from '../scopes/marker.ts'

/** The barrier was aborted, or reset while others waited at it. */
export class BrokenBarrierError extends Error {
  /** The name of the barrier. */
  readonly barrier: string

  static {
    mark(this.prototype, 'BrokenBarrierError')
  }

  constructor(barrier: string, how: 'aborted' | 'reset') {
    super(`barrier "${barrier}" was ${how}`)
    this.barrier = barrier
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is BrokenBarrierError {
    return hasMark(value, 'BrokenBarrierError')
  }
}
