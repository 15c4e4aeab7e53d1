import type { Kysely, KyselyPlugin, QueryId, UnknownRow } from 'kysely'
import { decodeLine } from './copy-format.ts'
import { bindingOf } from '../statements/binding.ts'
import type { PgResult } from '../wire/pg-client.ts'

/** Makes rows of the lines of COPY's text format. */
export type RowReader = (lines: readonly Buffer[]) => Promise<readonly unknown[]>

/** Reads rows as a query gives them: with the database's parsers, and through Kysely's plugins. */
export function rowReader<DB>(
  db: Kysely<DB>,
  queryId: QueryId,
  { fields = [] }: PgResult,
): RowReader {
  const { types } = bindingOf(db).context
  const columns = fields.map(({ name, dataTypeID }) => ({
    name,
    parse: types.getTypeParser(dataTypeID, 'text'),
  }))
  const { plugins } = db.getExecutor()
  return async (lines) => {
    const rows = lines.map((line) => {
      const texts = decodeLine(line.toString('utf8', 0, line.length - 1))
      const row: UnknownRow = {}
      for (let at = 0; at < columns.length; at += 1) {
        const column = columns[at]
        const text = texts[at]
        if (column !== undefined) row[column.name] = text === undefined ? null : column.parse(text)
      }
      return row
    })
    return await transformed(rows, queryId, plugins)
  }
}

async function transformed(
  rows: UnknownRow[],
  queryId: QueryId,
  plugins: readonly KyselyPlugin[],
): Promise<readonly unknown[]> {
  let result: { rows: UnknownRow[] } = { rows }
  for (const plugin of plugins) result = await plugin.transformResult({ queryId, result })
  return result.rows
}
