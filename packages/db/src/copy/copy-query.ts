import {
  type CompiledQuery,
  type Kysely,
  PostgresQueryCompiler,
  type QueryId,
  type RootOperationNode,
} from 'kysely'
import { executorOf } from '../statements/database-of.ts'
import { literal } from '../statements/sql-text.ts'
import { effectOf } from '../statements/statement-effect.ts'
import { loosely } from '../statements/table.ts'
import { textOf } from '../wire/value-text.ts'

/** A query of Kysely, or one written with `sql`. */
export interface Copyable<O> {
  /** Never there: it only carries the row for TypeScript. */
  readonly expressionType?: O | undefined
  /** Gives the SQL of the query. */
  compile(db: Kysely<never>): CompiledQuery
}

/** What a COPY copies out: its text, and the text that describes its columns. */
export interface CopiedQuery {
  readonly text: string
  readonly writes: boolean
  readonly describe: string
  readonly queryId: QueryId
}

/** COPY takes no parameters, so their values become literals, which PostgreSQL reads the same. */
class LiteralCompiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    const text = value === undefined ? undefined : textOf(value)
    this.append(text === undefined ? 'null' : literal('a value', text))
  }
}

/** A table, or a query. @throws {TypeError} on a value that PostgreSQL does not have */
export function copiedQuery<DB>(db: Kysely<DB>, from: string | Copyable<unknown>): CopiedQuery {
  executorOf(db)
  const query = typeof from === 'string' ? loosely(db).selectFrom(from).selectAll() : from
  const compiled = query.compile(db as unknown as Kysely<never>)
  const root: RootOperationNode = compiled.query
  const { sql: text } = new LiteralCompiler().compileQuery(root, compiled.queryId)
  const writes = typeof from !== 'string' && effectOf(compiled) === 'write'
  const describe = `select * from (${text}) as copied limit 0`
  return { text, writes, describe, queryId: compiled.queryId }
}
