import { failure, type ObjectCall } from '../store/failure.ts'

/**
 * Checks the marks with which a store says where its next page begins. A mark that leads back to an earlier
 * page would make the list endless. It keeps one mark, however long the list is, and finds a cycle before
 * the list has gone round it three times (R. P. Brent, "An improved Monte Carlo factorization algorithm",
 * 1980).
 */
export class PageMarks {
  readonly #subject: ObjectCall
  #kept: string | undefined = undefined
  #left = 1
  #power = 1

  constructor(subject: ObjectCall) {
    this.#subject = subject
  }

  /**
   * Takes the mark of the next page; returns `undefined` after the last page.
   *
   * @throws {StorageError} `'unexpected'` when the mark was seen before, or is missing although there are
   *   more pages
   */
  next(isTruncated: boolean, mark: string | undefined): string | undefined {
    if (!isTruncated) return undefined
    if (mark === undefined || mark === '') throw this.#wrong('does not say where the list goes on')
    if (mark === this.#kept)
      throw this.#wrong('gave a page of the list again, which would never end')
    this.#left -= 1
    if (this.#left === 0) {
      this.#kept = mark
      this.#power *= 2
      this.#left = this.#power
    }
    return mark
  }

  #wrong(how: string): Error {
    const detail = `the store ${how}; check "endpoint" and "compatibility"`
    return failure(this.#subject, 'unexpected', { outcome: 'none', detail })
  }
}
