import { Semaphore, type SemaphoreOptions } from './semaphore.ts'

/**
 * A {@link Semaphore} that never has more permits than it began with: one `release()` too many throws.
 *
 * @throws {TypeError} when `permits` is not an integer from 0 up, or an option is unknown or has the wrong type
 * @example
 * const seats = new BoundedSemaphore(4)
 * using seat = await seats.acquire()
 */
export class BoundedSemaphore extends Semaphore {
  readonly permits: number

  /** @param permits how many may go on at once: an integer from 0 up */
  constructor(permits: number, options: SemaphoreOptions = {}) {
    super(permits, options)
    this.permits = permits
  }

  /** @throws {TypeError} when all permits are there already */
  override release(): void {
    if (this.available >= this.permits) {
      throw new TypeError(
        `Expected "${this.name}" to have a permit taken, got a release with all ${this.permits} there`,
      )
    }
    super.release()
  }
}
