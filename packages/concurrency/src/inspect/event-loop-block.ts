/** A stretch in which the event loop did not turn. */
export interface EventLoopBlock {
  /** How long it lasted, in milliseconds, to about a quarter of the threshold. */
  readonly durationMs: number
  /** What ran when it was noticed, innermost first; empty when it could not be had. */
  readonly stack: readonly string[]
}
