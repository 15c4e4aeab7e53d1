import type { CallPlace } from './call-place.ts'
import type { Cancelled } from './cancelled.ts'
import type { Link } from './ring.ts'

/** Notified when a scope is cancelled. */
export interface CancelListener extends Link<CancelListener> {
  onCancel(reason: Cancelled): void
  /** What is waited for, if this is a wait. */
  describe?(): string
  /** When it began, on the clock, if that is recorded. */
  readonly since?: number | undefined
  /** The call that began it, if that is recorded. */
  readonly origin?: CallPlace | undefined
}
