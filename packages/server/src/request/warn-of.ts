import { fieldOf } from '@yuzuru/concurrency/boundary'

/** Warns of a function of the program that failed, without the words of its failure, whatever that is. */
export function warnOf(what: string, error: unknown, type: string): void {
  const name = fieldOf(error, 'name')
  const kind = typeof name === 'string' ? name : typeof error
  process.emitWarning(`${what} failed: ${kind}`, type)
}
