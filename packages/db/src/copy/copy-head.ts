import { type OperationNode, type OperationNodeSource, sql } from 'kysely'
import type { Queryable } from '../statements/queryable.ts'
import { loosely } from '../statements/table.ts'

/** `copy … from stdin`. Kysely's plugins name the table and the columns, as they do in an INSERT. */
export function copyHead<DB>(
  db: Queryable<DB>,
  table: string,
  columns: readonly string[] = [],
): string {
  const insert = loosely(db)
    .insertInto(table)
    .$if(columns.length > 0, (query) => query.columns([...columns]))
  const { into, columns: named = [] } = insert.toOperationNode()
  if (into === undefined) throw new TypeError('Expected plugins to leave an INSERT its table')
  const list = named.length === 0 ? sql`` : sql` (${sql.join(named.map((node) => done(node)))})`
  return sql`copy ${done(into)}${list} from stdin`.compile(db.withoutPlugins()).sql
}

function done(node: OperationNode): OperationNodeSource {
  return { toOperationNode: () => node }
}
