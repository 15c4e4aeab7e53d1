import { expected } from '@yuzuru/concurrency/boundary'

/**
 * How urgent a request is:
 *
 * - `'probe'`: it asks how the server is. It never waits, and takes nobody's turn.
 * - `'interactive'`: a person waits for it.
 * - `'batch'`: it can come again later.
 */
export type RequestPriority = 'probe' | 'interactive' | 'batch'

/** @throws {TypeError} on what is none */
export function expectPriority(value: RequestPriority): RequestPriority {
  if (value === 'interactive' || value === 'batch' || value === 'probe') return value
  throw expected(`priority to return 'probe', 'interactive' or 'batch'`, value)
}
