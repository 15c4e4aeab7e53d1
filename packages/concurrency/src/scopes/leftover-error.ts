import { type Leftover, sentenceOf } from './leftover.ts'
import { hasMark, mark } from './marker.ts'

/** How many leftovers the message names. */
const NAMED = 10

/**
 * Thrown by scopes within `run(main, { strict: true })` when a scope ended while work that it had started
 * was still running, or when clean-up in it was refused because the scope is cancelled.
 */
export class LeftoverError extends Error {
  readonly leftovers: readonly Leftover[]

  static {
    mark(this.prototype, 'LeftoverError')
  }

  constructor(scope: string, leftovers: readonly Leftover[]) {
    const named = leftovers.slice(0, NAMED).map((leftover) => {
      const { place } = leftover
      return sentenceOf(leftover) + (place === undefined ? '' : `, started\n${place}\n`)
    })
    const rest = leftovers.length - named.length
    super(`In "${scope}": ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`)
    this.leftovers = leftovers
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is LeftoverError {
    return hasMark(value, 'LeftoverError')
  }
}
