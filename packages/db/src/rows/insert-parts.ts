import { sql } from 'kysely'

/** https://www.postgresql.org/docs/current/protocol-message-formats.html, `Bind`: a count of 16 bits. */
const MAX_PARAMETERS = 65_535

/**
 * Cuts rows into parts that one INSERT takes each. A row that leaves out a column still counts for it:
 * Kysely writes `default` there.
 *
 * @param key a column that every row has, for rows that name none
 */
export function insertParts(
  rows: readonly Record<string, unknown>[],
  key: string,
): Record<string, unknown>[][] {
  const columns = new Set(rows.flatMap((row) => Object.keys(row)))
  const size = Math.floor(MAX_PARAMETERS / Math.max(1, columns.size))
  if (size === 0) throw new TypeError(`Expected fewer columns than ${MAX_PARAMETERS + 1}`)
  // Of rows without any column there would be nothing to write.
  const written = columns.size > 0 ? rows : rows.map(() => ({ [key]: sql`default` }))
  const parts: Record<string, unknown>[][] = []
  for (let at = 0; at < written.length; at += size) parts.push(written.slice(at, at + size))
  return parts
}
