import { health } from '@yuzuru/db'
import type { App } from '../app.ts'

/** What a process of the app reports when its parent asks. */
export interface Figures {
  readonly type: 'figures'
  /** The heap in use after a garbage collection, in bytes. */
  readonly heapBytes: number
  /** How many connections to PostgreSQL have been taken from its pool and not given back. */
  readonly usedConnections: number
}

export interface AskFigures {
  readonly type: 'ask-figures'
}

/**
 * Answers {@link AskFigures}. Memory is collected first where the process was started with `--expose-gc`: twice, as
 * what hangs on a finalizer is freed after the turn in which it was found to be garbage.
 *
 * @param opened returns the app once it is open
 */
export function answerFigures(opened: () => App | undefined): void {
  process.on('message', (message) => {
    if ((message as AskFigures).type !== 'ask-figures') return
    globalThis.gc?.()
    setImmediate(() => {
      globalThis.gc?.()
      const { heapUsed, external } = process.memoryUsage()
      void tell(heapUsed + external, opened())
    })
  })
}

async function tell(heapBytes: number, app: App | undefined): Promise<void> {
  // One whose database does not answer is not known to have given back all.
  const used = async (): Promise<number> =>
    app === undefined ? 0 : (await health(app.db, { timeoutMs: 5_000 })).pool.used
  const usedConnections = await used().catch(() => 1)
  const figures: Figures = { type: 'figures', heapBytes, usedConnections }
  if (process.connected) process.send?.(figures)
}
