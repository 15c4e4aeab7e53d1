import { isDone, type Operation } from './ledger.ts'
import type { Finding } from './reconcile.ts'

/**
 * Whether the load did anything: if all operations had failed, the other findings would say nothing. Before
 * the first fault every operation must succeed, and over the run some of each kind.
 *
 * @param warmUp how many came before the first fault
 */
export function checkDone(operations: readonly Operation[], warmUp: number): Finding {
  const first = operations.slice(0, warmUp)
  const before = first.filter(isDone).length
  const kinds = [...Map.groupBy(operations, ({ kind }) => kind)].map(([kind, of]) => {
    return { kind, done: of.filter(isDone).length, all: of.length }
  })
  const each = kinds.map(({ kind, done, all }) => `${kind} ${done} of ${all}`)
  return {
    what: 'operations of each kind were done, and before the first fault all',
    found: [`before ${before} of ${first.length}`, ...each].join(', '),
    holds: before === first.length && kinds.every(({ done }) => done > 0),
  }
}
