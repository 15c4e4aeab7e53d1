import type { Effect } from '@yuzuru/concurrency'

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** RFC 9110, 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['PUT', 'DELETE'])

/** What a request does at the server, by its method and whether it has an idempotency key. */
export function effectOf(method: string, headers: Readonly<Record<string, string>>): Effect {
  if (READS.has(method)) return 'read'
  if (IDEMPOTENT.has(method) || headers['idempotency-key'] !== undefined) return 'idempotent'
  return 'write'
}

const ORDER: readonly Effect[] = ['read', 'idempotent', 'write']

/** Whether the first effect is one that more care is needed for. */
export function isWorse(effect: Effect, than: Effect): boolean {
  return ORDER.indexOf(effect) > ORDER.indexOf(than)
}
