import type { ScopeNode } from './scope-node.ts'

/*
 * The rule of outcomes: they add up over a scope, whatever became of the errors within (docs/semantics.md,
 * rule 20).
 */

/** Whether an effect may have happened within `scope` by now, or in what was begun from within it. */
export function mayHaveEffect(scope: ScopeNode): boolean {
  if (scope.hadEffect || scope.inFlight) return true
  // So it is with most calls, and there are very many.
  if (scope.within === undefined && scope.begun === undefined) return false
  // A set, as what was begun from within may be within as well.
  const open = new Set([scope])
  for (const each of open) {
    if (!each.counts && each !== scope) continue
    if (each.hadEffect || each.inFlight) return true
    for (const part of each.children) open.add(part)
    for (const part of each.begun ?? []) open.add(part)
  }
  return false
}

/**
 * Has the effects of `part` count for `scope` too, from within which it was begun although it is elsewhere in
 * the tree, such as a task of a group further out: doing `scope` again would begin it again. When `scope`
 * ends first, they count for its nearest living ancestor (`unhang`).
 */
export function countFor(scope: ScopeNode | undefined, part: ScopeNode): void {
  part.beginner = undefined
  if (scope === undefined || scope === part.parent || part.ended) return
  part.beginner = scope
  ;(scope.begun ??= new Set()).add(part)
}

/**
 * Notes, in `scope` and in every ancestor, that an effect may have happened. It stops at an I/O call, which
 * answers for the I/O within it and notes its own outcome at its end.
 */
export function markEffect(scope: ScopeNode | undefined): void {
  let each = scope
  while (each !== undefined && !each.hadEffect) {
    each.hadEffect = true
    each = each.kind === 'io' ? undefined : each.parent
  }
}
