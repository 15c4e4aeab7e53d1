import type { Transferable } from 'node:worker_threads'
import { expected } from '../arguments/expected.ts'

/** What a job returns so that it is not copied. */
export class Moved {
  readonly value: unknown
  readonly transfer: readonly Transferable[]

  constructor(value: unknown, transfer: readonly Transferable[]) {
    this.value = value
    this.transfer = transfer
  }
}

/**
 * Has what a job returns handed over rather than copied. Between processes it is copied all the same.
 *
 * @param transfer what to hand over: buffers, ports, streams that are in `value`; unusable here after
 * @example
 * export function render(width: number): Uint8Array {
 *   const pixels = new Uint8Array(width * width * 4)
 *   return moved(pixels, [pixels.buffer])
 * }
 */
export function moved<T>(value: T, transfer: readonly Transferable[]): T {
  if (!Array.isArray(transfer)) {
    throw expected('transfer to be an array', transfer)
  }
  // Only the worker's own code ever sees it: to the caller it is the value.
  return new Moved(value, transfer) as T
}
