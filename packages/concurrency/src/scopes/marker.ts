import { fieldOf } from './read-error.ts'

/**
 * Gives a class of errors its name, which no minifier changes, and makes it recognisable by a
 * `Symbol.for` mark on its prototype, so that `isInstance` holds also between two installed copies of
 * a package, where `instanceof` would not. Subclasses inherit the marks of their ancestors.
 *
 * @example
 * class QueueError extends IoError {
 *   static { mark(this.prototype, 'QueueError') }
 *   static override isInstance(value: unknown): value is QueueError { return hasMark(value, 'QueueError') }
 * }
 */
export function mark(prototype: Error, name: string): void {
  prototype.name = name
  Object.defineProperty(prototype, Symbol.for(`yuzuru.${name}`), { value: true })
}

/**
 * Whether `value` was made by a class that was marked with `name`.
 *
 * @example
 * catch (error) { if (hasMark(error, 'RedisError')) return again(); throw error }
 */
export function hasMark(value: unknown, name: string): boolean {
  return fieldOf(value, Symbol.for(`yuzuru.${name}`)) === true
}
