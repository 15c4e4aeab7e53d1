import { constants } from 'node:os'
import { Worker } from 'node:worker_threads'

/** The shutdown of a process by a signal. */
export interface Shutdown {
  /** The signal that asked for it. */
  readonly received: NodeJS.Signals | undefined
  /** Removes the listeners and stops the watchdog. */
  stop(): void
}

/** How much longer than its grace a process may take, in milliseconds, before the watchdog ends it. */
const WATCHDOG_MS = 1_000

/**
 * Calls `ask` at the first of `signals`. The next one has its default action, so the kernel ends the
 * process even if the event loop hangs. A watchdog thread ends it if it has not ended by itself soon after
 * `graceMs`.
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
    // A signal that others listen to has no default action, so a listener of ours ends the process.
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

/** The exit code that a shell reports for a process that `signal` ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

/** The thread sleeps until it is stopped. It does not use the event loop that it watches. */
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
    // Without a watchdog (no memory for a thread, or Node's permissions forbid one) the shutdown still
    // works.
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
