import type { Cancellation } from './cancellation.ts'
import type { CancelListener } from './cancel-listener.ts'
import type { Outcome } from './outcome.ts'
import type { Link, Ring } from './ring.ts'
import type { ScopeKind } from './scope-kind.ts'

/** The part of a scope that its tree, cancellation and outcome need: see the class `Scope`. */
export interface ScopeNode extends Link<ScopeNode> {
  readonly kind: ScopeKind
  readonly name: string
  readonly parent: ScopeNode | undefined
  readonly shielded: boolean
  readonly counts: boolean
  readonly ended: boolean
  readonly cancelled: boolean
  readonly outcome: Outcome
  readonly children: ScopeNode[]
  readonly waits: readonly CancelListener[]
  readonly controller: AbortController | undefined
  readonly inFlight: boolean
  hadEffect: boolean
  within: Ring<ScopeNode> | undefined
  begun: Set<ScopeNode> | undefined
  beginner: ScopeNode | undefined
  listening: Ring<CancelListener> | undefined
  cancellation: Cancellation | undefined
  listen(listener: CancelListener): void
}
