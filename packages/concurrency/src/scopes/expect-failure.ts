import type { Scope } from './scope.ts'
import { letGoUnheard } from './unheard-cancels.ts'

/** Lets what `scope` fails with go unheard where it is a leftover: its failure is reported as such. */
export function expectFailure(scope: Scope, error: unknown): void {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) {
    if (each.ownReason?.source !== 'scope-end') continue
    letGoUnheard(error)
    return
  }
}
