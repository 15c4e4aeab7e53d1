import { IoError } from '../boundary/io-error.ts'
import { hasMark, mark } from '../scopes/marker.ts'

/**
 * The circuit breaker refused the call: the other side has been failing, and gets time to recover.
 * Nothing was sent; `retryAfterMs` says when a probe will be let through.
 */
export class CircuitOpenError extends IoError {
  static {
    mark(this.prototype, 'CircuitOpenError')
  }

  constructor(name: string, retryAfterMs: number) {
    super(`circuit "${name}" is open: it lets nothing through while the other side recovers`, {
      boundary: 'circuit',
      operation: name,
      code: 'circuit_open',
      retryable: true,
      outcome: 'none',
      retryAfterMs,
    })
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is CircuitOpenError {
    return hasMark(value, 'CircuitOpenError')
  }
}
