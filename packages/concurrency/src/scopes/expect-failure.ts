import type { Scope } from './scope.ts'
import { letGoUnheard } from './unheard-cancels.ts'

/** If `scope` is a leftover, lets its failure go unhandled: it is reported as a leftover's. */
export function expectFailure(scope: Scope, error: unknown): void {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) {
    if (each.ownReason?.source !== 'scope-end') continue
    letGoUnheard(error)
    return
  }
}
