import { type RawBuilder, sql } from 'kysely'
import { isDescending, nullsFirst, type PageKey } from './page-key.ts'

/**
 * Conditions that no row meets two of and that together find the rows after the one whose keys are
 * `values` (as PostgreSQL's text, so that nothing is lost on the way). Each is a range of an index on
 * the keys: one `or` of them all would be none, and every page would read what came before it.
 *
 * Keys of one direction are compared as a row. That finds no row whose first differing key is NULL;
 * where NULLs stand last these follow, so each such key has a range of its own.
 *
 * https://www.postgresql.org/docs/current/functions-comparisons.html#ROW-WISE-COMPARISON
 */
export function rangesAfter(
  keys: readonly PageKey[],
  values: readonly (string | null)[],
): RawBuilder<boolean>[] {
  const ranges: RawBuilder<boolean>[] = []
  const equal: RawBuilder<unknown>[] = []
  const add = (condition: RawBuilder<unknown>): void => {
    ranges.push(sql<boolean>`(${sql.join([...equal, condition], sql` and `)})`)
  }
  let at = 0
  for (let key = keys[0]; key !== undefined; key = keys[at]) {
    const end = endOfRun(keys, values, at)
    if (end > at) {
      add(compared(keys.slice(at, end), values.slice(at, end)))
    } else if (nullsFirst(key)) {
      add(sql`${sql.ref(key.column)} is not null`)
    }
    for (const upTo = Math.max(end, at + 1); at < upTo; at += 1) {
      const { column } = keys[at] as PageKey
      const value = values[at] ?? null
      if (value !== null && !nullsFirst(keys[at] as PageKey)) add(sql`${sql.ref(column)} is null`)
      equal.push(
        value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`,
      )
    }
  }
  return ranges
}

/** Where the keys end, from `at` on, that have a value and the direction of the first. */
function endOfRun(
  keys: readonly PageKey[],
  values: readonly (string | null)[],
  at: number,
): number {
  const first = keys[at] as PageKey
  let end = at
  for (let key = keys[end]; key !== undefined; key = keys[end]) {
    if ((values[end] ?? null) === null || isDescending(key) !== isDescending(first)) break
    end += 1
  }
  return end
}

function compared(
  keys: readonly PageKey[],
  values: readonly (string | null)[],
): RawBuilder<unknown> {
  const operator = isDescending(keys[0] as PageKey) ? sql`<` : sql`>`
  const columns = keys.map(({ column }) => sql.ref(column))
  if (columns.length === 1) return sql`${columns[0]} ${operator} ${values[0]}`
  return sql`(${sql.join(columns)}) ${operator} (${sql.join(values)})`
}
