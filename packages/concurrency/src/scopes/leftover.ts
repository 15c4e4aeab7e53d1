import { channel } from 'node:diagnostics_channel'
import type { CallPlace } from './call-place.ts'
import { messageOf } from './read-error.ts'
import type { ScopeKind } from './scope-kind.ts'
import { warnRarely } from './rare-warning.ts'

/**
 * Work that did not go with the scope that started it: still running when that ended, or refused
 * because it is cancelled.
 */
export interface Leftover {
  readonly name: string
  readonly kind: ScopeKind
  /** The scope that started it. */
  readonly parent: string | undefined
  /** How long it had been running, in milliseconds; for a wait only if `trackWaits` was called. */
  readonly ageMs: number | undefined
  /**
   * - `'cancelled'`: it was cancelled and is awaited.
   * - `'failed'`: it has ended since, with `error`, which no code was left to catch.
   * - `'abandoned'`: its grace has passed; it may still run.
   * - `'late'`: it began after the scope around it had ended.
   * - `'refused'`: it was begun after the body had received the cancel, so it was most likely clean-up.
   * - `'swallowed'`: the same, more than a hundred times: a loop catches the cancel and goes on.
   */
  readonly state: 'cancelled' | 'failed' | 'abandoned' | 'late' | 'refused' | 'swallowed'
  /**
   * The stack of the call that started it, where that is known: of I/O, 200 to 1,000 calls a second; of
   * what was refused; in `run({ strict: true })` of all.
   */
  readonly place: string | undefined
  readonly error?: unknown
}

const leftovers = channel('yuzuru:leftover')

/** The end of the sentence about a leftover in each state. */
const ADVICE: Readonly<Record<Leftover['state'], string>> = {
  cancelled:
    'was still running when the scope that started it ended; it was cancelled. Is an await missing?',
  failed: 'failed after the scope that started it had ended',
  abandoned: 'did not end within its grace after it was cancelled, and may still be running',
  late:
    'began after the scope around it had ended. Is an await missing? What outlives its first caller ' +
    'belongs in detached()',
  refused:
    'was refused: the scope around it is cancelled. Clean-up that awaits belongs in shield() or ' +
    'scope.defer()',
  swallowed:
    'was refused more than a hundred times: a loop around it catches the cancel and goes on. Let ' +
    'Cancelled pass',
}

/** The stack without the line that names the error. */
export function placeOf(place: CallPlace | undefined): string | undefined {
  const stack = place?.stack
  return stack?.slice(stack.indexOf('\n') + 1)
}

/**
 * Reports a leftover on the `diagnostics_channel` `yuzuru:leftover`, or, when it has no subscriber,
 * as a process warning: a forgotten `await` must not go unseen.
 */
export function reportLeftover(leftover: Leftover): void {
  if (leftovers.hasSubscribers) {
    leftovers.publish(leftover)
    return
  }
  const message = messageOf(leftover.error)
  const cause = message === undefined ? '' : `: ${message}`
  const place = leftover.place === undefined ? '' : `\n${leftover.place}`
  warnRarely(`${sentenceOf(leftover)}${cause}${place}`, 'LeftoverWarning')
}

/** A sentence that says what it is and what to do about it. */
export function sentenceOf({ kind, name, state }: Leftover): string {
  return `${kind} "${name}" ${ADVICE[state]}`
}
