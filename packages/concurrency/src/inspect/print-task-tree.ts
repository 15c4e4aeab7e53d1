import { formatTaskTree, trackWaits } from './task-tree.ts'

/**
 * Prints the live tree to stderr whenever the process gets `signal`; waits are timed from now on. Ask a
 * program that hangs with `kill -USR2 <pid>`.
 *
 * @param signal @default 'SIGUSR2'
 * @returns what ends it
 * @example
 * using _printing = printTaskTreeOn('SIGUSR2')
 * await run(main)
 */
export function printTaskTreeOn(signal: NodeJS.Signals = 'SIGUSR2'): Disposable {
  const print = (): void => {
    process.stderr.write(`${formatTaskTree()}\n`)
  }
  trackWaits()
  process.on(signal, print)
  return {
    [Symbol.dispose]: () => {
      process.off(signal, print)
      trackWaits(false)
    },
  }
}
