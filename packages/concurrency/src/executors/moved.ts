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
 * Marks what a job returns as moved to the caller rather than copied, as `postMessage` transfers it. Between
 * processes it is copied all the same.
 *
 * @param transfer the buffers, ports and streams in `value` to move; the job can't use them afterwards
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
