import type { ScopeNode } from './scope-node.ts'

/*
 * The rule of outcomes: they add up over a scope, whatever became of the errors within (docs/semantics.md,
 * rule 20).
 */

/** Whether an effect may have happened within `scope` by now. */
export function mayHaveEffect(scope: ScopeNode): boolean {
  if (scope.hadEffect || scope.inFlight) return true
  const open = scope.children
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (!each.counts) continue
    if (each.hadEffect || each.inFlight) return true
    for (const child of each.children) open.push(child)
  }
  return false
}

/**
 * Notes, in `scope` and in every ancestor, that an effect may have happened. It stops at an I/O call, which
 * answers for the I/O within it and notes its own outcome at its end.
 */
export function markEffect(scope: ScopeNode): void {
  let each: ScopeNode | undefined = scope
  while (each !== undefined && !each.hadEffect) {
    each.hadEffect = true
    each = each.kind === 'io' ? undefined : each.parent
  }
}
