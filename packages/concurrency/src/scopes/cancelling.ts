import { Cancellation } from './cancellation.ts'
import { Cancelled, type CancelSource } from './cancelled.ts'
import type { CancelListener } from './cancel-listener.ts'
import type { ScopeNode } from './scope-node.ts'
import { closeRejections, openRejections } from './unheard-cancels.ts'

/** Why `scope` is cancelled, if it is. */
export function reasonOf({ cancellation }: ScopeNode): Cancelled | undefined {
  return cancellation && (cancellation.inherited ?? cancellation.own)
}

/** Asks `scope` and all within it to end. Only the first time counts. */
export function abort(
  scope: ScopeNode,
  source: CancelSource,
  message: string,
  cause?: unknown,
): void {
  const cancellation = (scope.cancellation ??= new Cancellation())
  if (cancellation.own !== undefined) return
  cancellation.own = new Cancelled(message, { source, scope: scope.name, within: scope, cause })
  openRejections()
  if (cancellation.inherited === undefined) deliver(scope, cancellation.own)
}

/** Passes the cancel of an ancestor on to `scope` and all within it. */
export function inherit(scope: ScopeNode, reason: Cancelled): void {
  // A cancel that comes later comes from further out, so it takes precedence.
  ;(scope.cancellation ??= new Cancellation()).inherited = reason
  deliver(scope, reason)
}

/**
 * Cancels `scope` and all within it, the outermost first. No recursion: scopes may be nested ten thousand
 * deep.
 */
function deliver(scope: ScopeNode, reason: Cancelled): void {
  tell(scope, reason)
  const open = scope.children.toReversed()
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (each.shielded) continue
    ;(each.cancellation ??= new Cancellation()).inherited = reason
    tell(each, reason)
    for (const child of each.children.toReversed()) open.push(child)
  }
}

function tell(scope: ScopeNode, reason: Cancelled): void {
  const cancellation = scope.cancellation as Cancellation
  // A second cancel, from further out, finds only what the first one is ending already.
  if (cancellation.delivered === 0) cancellation.delivered = waitedFor(scope)
  scope.controller?.abort(reason)
  const { listening } = scope
  for (let each = listening?.take(); each !== undefined; each = listening?.take()) {
    notify(each, reason)
  }
}

/** As with an `AbortSignal`, a listener that throws must not keep the cancel from the others. */
export function notify(listener: CancelListener, reason: Cancelled): void {
  try {
    listener.onCancel(reason)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

/**
 * How many waits and child scopes the body, or what it left running, may be waiting for. A task runs beside
 * the body and does not count.
 */
function waitedFor({ waits, children }: ScopeNode): number {
  return waits.length + children.filter(({ kind }) => kind !== 'task').length
}

/**
 * Call it when the body of a cancelled scope has returned a value: the scope around it learned nothing of
 * the cancel from that.
 */
export function noteSurvivor({ cancellation, kind, parent }: ScopeNode): void {
  if (cancellation?.inherited === undefined || kind === 'task') return
  const around = parent?.cancellation
  if (around !== undefined) around.survived += 1
}

/** Call it when `scope` has ended. */
export function forget({ cancellation }: ScopeNode): void {
  if (cancellation === undefined) return
  cancellation.end()
  if (cancellation.own !== undefined) closeRejections()
}
