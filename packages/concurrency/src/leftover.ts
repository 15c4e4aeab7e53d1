import { channel } from 'node:diagnostics_channel'
import { currentClock } from './clock.ts'
import type { Scope, ScopeKind } from './scope.ts'

/** Work that was still running when the scope that started it ended, or when its grace had passed. */
export interface Leftover {
  readonly name: string
  readonly kind: ScopeKind
  /** The scope that started it. */
  readonly parent: string | undefined
  /** How long it had been running, in milliseconds. */
  readonly ageMs: number
  /**
   * - `'cancelled'`: it was cancelled and is awaited.
   * - `'failed'`: it has ended since, with `error`, which nobody was there to catch.
   * - `'abandoned'`: its grace has passed; it may still run.
   */
  readonly state: 'cancelled' | 'failed' | 'abandoned'
  /**
   * The stack of the call that started it, where that is known: of I/O, up to 1,000 calls a second; in
   * `run({ strict: true })` of all.
   */
  readonly place: string | undefined
  readonly error?: unknown
}

const leftovers = channel('yuzuru:leftover')

const ADVICE: Readonly<Record<Leftover['state'], string>> = {
  cancelled:
    'was still running when the scope that started it ended; it was cancelled. Is an await missing?',
  failed: 'failed after the scope that started it had ended',
  abandoned: 'did not end within its grace after it was cancelled, and may still be running',
}

export function describeLeftover(
  scope: Scope,
  state: Leftover['state'],
  failure?: { readonly error: unknown },
): Leftover {
  const stack = scope.origin?.stack
  return {
    name: scope.name,
    kind: scope.kind,
    parent: scope.parent?.name,
    ageMs: currentClock().now() - scope.startedAt,
    state,
    place: stack?.slice(stack.indexOf('\n') + 1),
    ...failure,
  }
}

/**
 * Reports a leftover on the `diagnostics_channel` `yuzuru:leftover`, or, when nobody listens there,
 * as a process warning: a forgotten `await` must not go unseen.
 */
export function reportLeftover(leftover: Leftover): void {
  if (leftovers.hasSubscribers) {
    leftovers.publish(leftover)
    return
  }
  const cause = leftover.error instanceof Error ? `: ${leftover.error.message}` : ''
  const place = leftover.place === undefined ? '' : `\n${leftover.place}`
  process.emitWarning(
    `${leftover.kind} "${leftover.name}" ${ADVICE[leftover.state]}${cause}${place}`,
    'LeftoverWarning',
  )
}
