import type { Leftover } from './leftover.ts'
import { hasMark, mark } from './marker.ts'

/** In `run({ strict: true })`: the scope ended while work that it had started was still running. */
export class LeftoverError extends Error {
  readonly leftovers: readonly Leftover[]

  static {
    mark(this.prototype, 'LeftoverError')
  }

  constructor(scope: string, leftovers: readonly Leftover[]) {
    const told = leftovers.map(({ kind, name, place }) => {
      const at = place === undefined ? '' : `, started\n${place}`
      return `${kind} "${name}"${at}`
    })
    super(`"${scope}" ended before what it had started; is an await missing? ${told.join('; ')}`)
    this.leftovers = leftovers
  }

  /** Like `instanceof`, and true also for one of another installed copy of the package. */
  static isInstance(value: unknown): value is LeftoverError {
    return hasMark(value, 'LeftoverError')
  }
}
