import { failure, type ObjectCall } from '../store/failure.ts'

/**
 * Watches the marks by which a store says where its next page begins. One that leads back to an earlier page
 * would have the list go round for ever. Keeps one mark, however long the list is, and finds each circle
 * before it was gone round three times (R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980).
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
   * Takes the mark of the next page, as long as there is one.
   *
   * @throws {StorageError} `'unexpected'` when it has come before, or is missing though there is more
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
