import { inherit, notify, reasonOf } from './cancelling.ts'
import { Ring } from './ring.ts'
import type { ScopeNode } from './scope-node.ts'
import { countFor, markEffect } from './scope-outcome.ts'

/** The scopes without a parent that have not ended: where the task tree starts. */
export const roots: Ring<ScopeNode> = new Ring()

interface Mortal<T> {
  readonly ended: boolean
  readonly parent: T | undefined
}

/** `scope`, or when it has ended, its nearest ancestor that has not. */
export function livingScope<T extends Mortal<T>>(scope: T | undefined): T | undefined {
  let living = scope
  while (living?.ended) living = living.parent
  return living
}

/** Adds `scope` to `parent`, or, without one, to the roots. */
export function hang(scope: ScopeNode, parent: ScopeNode | undefined): void {
  if (parent === undefined) roots.add(scope)
  else (parent.within ??= new Ring()).add(scope)
}

/**
 * Removes `scope`, which has ended, from the tree. Abandoned children and callbacks that are left in it
 * move to its nearest living ancestor. Waits do not: they end with the scope.
 */
export function unhang(scope: ScopeNode): void {
  scope.home?.remove(scope)
  const { within, listening, begun, beginner } = scope
  beginner?.begun?.delete(scope)
  if (scope.hadEffect) markEffect(beginner)
  const heir = livingScope<ScopeNode>(scope.parent)
  // It keeps its own list, as its outcome may still be asked for.
  for (const each of begun ?? []) {
    // Another beginner heard of that end.
    if (each.ended && each.hadEffect) markEffect(scope)
    countFor(heir, each)
  }
  if (within === undefined && listening === undefined) return
  const reason = heir && reasonOf(heir)
  for (let each = within?.take(); each !== undefined; each = within?.take()) {
    hang(each, heir)
    // It was behind the shield that has just ended.
    if (reason !== undefined && !each.shielded && !each.cancelled) inherit(each, reason)
  }
  if (heir === undefined) return
  for (let each = listening?.take(); each !== undefined; each = listening?.take()) {
    if (reason === undefined) heir.listen(each)
    else notify(each, reason)
  }
}
