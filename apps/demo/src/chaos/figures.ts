/** What a process of the app says of itself when its parent asks. */
export interface Figures {
  readonly type: 'figures'
  /** What is in use after a garbage collection, in bytes. */
  readonly heapBytes: number
}

export interface AskFigures {
  readonly type: 'ask-figures'
}

/**
 * Answers {@link AskFigures}. Memory is collected first where the process was started with `--expose-gc`: twice, as
 * what hangs on a finalizer is freed after the turn in which it was found to be garbage.
 */
export function answerFigures(): void {
  process.on('message', (message) => {
    if ((message as AskFigures).type !== 'ask-figures') return
    globalThis.gc?.()
    setImmediate(() => {
      globalThis.gc?.()
      const { heapUsed, external } = process.memoryUsage()
      const figures: Figures = { type: 'figures', heapBytes: heapUsed + external }
      if (process.connected) process.send?.(figures)
    })
  })
}
