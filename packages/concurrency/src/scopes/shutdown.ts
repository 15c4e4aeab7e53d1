import { constants } from 'node:os'
import { Worker } from 'node:worker_threads'

/** A process that is asked to end by a signal. */
export interface Shutdown {
  /** The signal that asked for it. */
  readonly received: NodeJS.Signals | undefined
  /** Takes the listeners off, and calls the watchdog off. */
  stop(): void
}

/** How much longer than its grace a process may take, in milliseconds, before the watchdog ends it. */
const WATCHDOG_MS = 1_000

/**
 * Calls `ask` at the first of `signals`. From then on the next one ends the process by the hand of the
 * kernel, so that it does also when the event loop hangs; and a thread of its own ends it when it has
 * not done so by itself soon after `graceMs`.
 */
export function onShutdown(
  shutdownSignals: readonly NodeJS.Signals[],
  graceMs: number,
  ask: (signal: NodeJS.Signals) => void,
): Shutdown {
  const signals = new Set(shutdownSignals)
  let received: NodeJS.Signals | undefined
  let watchdog: (() => void) | undefined
  const off = (): void => {
    for (const signal of signals) process.off(signal, listener)
  }
  const listener = (signal: NodeJS.Signals): void => {
    if (received !== undefined) process.exit(exitCodeOf(signal))
    received = signal
    off()
    // Where others listen too, the kernel leaves it to them, so it takes a listener that ends it.
    for (const each of signals) if (process.listenerCount(each) > 0) process.on(each, listener)
    if (graceMs !== Infinity) watchdog = startWatchdog(graceMs + WATCHDOG_MS, signal)
    ask(signal)
  }
  for (const signal of signals) process.on(signal, listener)
  return {
    get received() {
      return received
    },
    stop() {
      off()
      watchdog?.()
    },
  }
}

/** What a shell says of a process that `signal` ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

/** Its thread sleeps until it is called off; it needs nothing of the event loop that it watches. */
const WATCHDOG = `
const [state, ms, signal] = require('node:worker_threads').workerData
if (Atomics.wait(state, 0, 0, ms) === 'timed-out') process.kill(process.pid, signal)
`

function startWatchdog(ms: number, signal: NodeJS.Signals): () => void {
  const state = new Int32Array(new SharedArrayBuffer(4))
  const fatal = process.listenerCount(signal) > 0 ? 'SIGKILL' : signal
  try {
    const worker = new Worker(WATCHDOG, {
      eval: true,
      execArgv: [],
      env: {},
      workerData: [state, ms, fatal],
    })
    // Without a watchdog (no memory for it, or Node's permissions forbid threads) it ends in order still.
    worker.on('error', () => undefined)
    worker.unref()
  } catch {
    return () => undefined
  }
  return () => {
    Atomics.store(state, 0, 1)
    Atomics.notify(state, 0)
  }
}
