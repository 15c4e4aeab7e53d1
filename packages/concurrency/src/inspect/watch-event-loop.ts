import { expectOptions } from '../arguments/expect-options.ts'
import { expected } from '../arguments/expected.ts'
import type { EventLoopBlock } from './event-loop-block.ts'

/** Options of {@link watchEventLoop}. */
export interface WatchEventLoopOptions {
  /** How long the loop may be blocked before it is reported, in milliseconds: from 1 up. @default 100 */
  readonly thresholdMs?: number | undefined
  /**
   * Whether the block is written to stderr while it lasts, with where it is.
   * @default true
   */
  readonly log?: boolean | undefined
  /** Called with each block once it is over. */
  readonly onBlock?: ((block: EventLoopBlock) => void) | undefined
}

/**
 * Reports a block of the event loop while it lasts: another thread watches a heartbeat in shared
 * memory, and asks V8's inspector where the main thread is. Does not keep the process alive: a program
 * that awaits nothing but its `onBlock` ends ("unsettled top-level await"). Costs a thread and a timer;
 * for development and canaries.
 *
 * @returns what stops it; its promise settles when the watch is set, or has ended
 * @example
 * await using watch = await watchEventLoop({ thresholdMs: 50 })
 */
export async function watchEventLoop(
  options: WatchEventLoopOptions = {},
): Promise<AsyncDisposable> {
  expectOptions(options, ['thresholdMs', 'log', 'onBlock'], 'watchEventLoop')
  const { thresholdMs = 100, log = true, onBlock } = options
  if (typeof thresholdMs !== 'number' || !(thresholdMs >= 1) || thresholdMs === Infinity) {
    throw expected('thresholdMs to be a number of milliseconds from 1 up', thresholdMs)
  }
  // Loaded when asked for: most programs never watch.
  const { startHeartbeat } = await import('./heartbeat.ts')
  return await startHeartbeat(thresholdMs, log, onBlock)
}
