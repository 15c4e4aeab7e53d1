import { Worker } from 'node:worker_threads'
import { describeValue } from './describe-value.ts'
import { watchHeartbeat } from './watch-heartbeat.ts'

export interface WatchEventLoopOptions {
  /** How long the loop may be blocked before it is reported, in milliseconds: from 1 up. @default 100 */
  readonly thresholdMs?: number
  /**
   * Whether the block is written to stderr while it lasts, with where it is.
   * @default true
   */
  readonly log?: boolean
  /** Told of each block once it is over. */
  readonly onBlock?: (block: EventLoopBlock) => void
}

/** A stretch in which the event loop did not turn. */
export interface EventLoopBlock {
  /** How long it lasted, in milliseconds, to about a quarter of the threshold. */
  readonly durationMs: number
  /** What ran when it was noticed, innermost first; empty when it could not be had. */
  readonly stack: readonly string[]
}

/** What the watching thread tells. */
export interface HeartbeatMessage {
  readonly type: 'ready' | 'blocked'
  readonly durationMs: number
  readonly stack: readonly string[]
}

/** How many looks are taken within the threshold. */
const LOOKS = 4

/**
 * Reports a block of the event loop while it lasts: another thread watches a heartbeat in shared
 * memory, and asks V8's inspector where the main thread is. Does not keep the process alive. Costs a
 * thread and a timer; for development and canaries.
 *
 * @returns what stops it; its promise settles when the watch is set, or has ended
 * @example
 * await using watch = await watchEventLoop({ thresholdMs: 50 })
 */
export async function watchEventLoop(
  options: WatchEventLoopOptions = {},
): Promise<AsyncDisposable> {
  const { thresholdMs = 100, log = true, onBlock } = options
  if (typeof thresholdMs !== 'number' || !(thresholdMs >= 1) || thresholdMs === Infinity) {
    throw new TypeError(
      `Expected thresholdMs to be a number of milliseconds from 1 up, got ${describeValue(thresholdMs)}`,
    )
  }
  const lookMs = Math.max(1, thresholdMs / LOOKS)
  const heartbeat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const beat = setInterval(() => Atomics.add(heartbeat, 0, 1), lookMs)
  beat.unref()
  const worker = new Worker(`(${watchHeartbeat.toString()})()`, {
    eval: true,
    workerData: { heartbeat, thresholdMs, lookMs, log },
  })
  const ready = Promise.withResolvers<void>()
  worker.on('error', ready.reject)
  worker.on('message', ({ type, durationMs, stack }: HeartbeatMessage) => {
    if (type === 'ready') ready.resolve()
    else onBlock?.({ durationMs, stack })
  })
  await ready.promise
  worker.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      await worker.terminate()
    },
  }
}
