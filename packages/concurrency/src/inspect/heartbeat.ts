import { Worker } from 'node:worker_threads'
import type { EventLoopBlock } from './event-loop-block.ts'
import { watchHeartbeat } from './watch-heartbeat.ts'

/** What the watching thread reports. */
interface HeartbeatMessage {
  readonly type: 'ready' | 'blocked'
  readonly durationMs: number
  readonly stack: readonly string[]
}

/** How many looks are taken within the threshold. */
const LOOKS = 4

/** Starts the heartbeat and the thread that watches it. */
export async function startHeartbeat(
  thresholdMs: number,
  log: boolean,
  onBlock: ((block: EventLoopBlock) => void) | undefined,
): Promise<AsyncDisposable> {
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
