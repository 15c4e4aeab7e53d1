import { IoError, type IoErrorInit, mark, hasMark } from '@yuzuru/concurrency'

/**
 * - `'closed'`: the server is closing.
 * - `'address_in_use'`: another program listens there.
 * - `'listen_failed'`: the system does not let this program listen there; `cause` says why.
 * - `'not_migrated'`: the tables of `kyselyIdempotencyStore` are not there: run `idempotencyMigrations` first.
 * - `'outcome_unknown'`: a request was not run again, because something outside of its transaction may have happened; or its handler
 *   ended its transaction itself.
 */
export type ServerErrorCode =
  | 'closed'
  | 'address_in_use'
  | 'listen_failed'
  | 'not_migrated'
  | 'outcome_unknown'

/** A failure of the server itself, as opposed to one of a handler. */
export class ServerError extends IoError {
  declare readonly code: ServerErrorCode

  static {
    mark(this.prototype, 'ServerError')
  }

  constructor(
    message: string,
    init: Omit<IoErrorInit, 'boundary' | 'code'> & { readonly code: ServerErrorCode },
  ) {
    super(message, { ...init, boundary: 'server' })
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is ServerError {
    return hasMark(value, 'ServerError')
  }
}
