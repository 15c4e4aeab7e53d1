import type { CallPlace } from './call-place.ts'
import type { Cancelled } from './cancelled.ts'
import type { Link } from './ring.ts'

/** Is called when a scope is cancelled. */
export interface CancelListener extends Link<CancelListener> {
  onCancel(reason: Cancelled): void
  /** What is waited for, where it is a wait. */
  describe?(): string
  /** Since when, on the clock, where that is noted. */
  readonly since?: number | undefined
  /** Where it was begun, where that is noted. */
  readonly origin?: CallPlace | undefined
}
