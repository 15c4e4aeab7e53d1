import type { CompiledQuery } from 'kysely'
import { DbError } from '../wire/db-error.ts'
import { toParameter } from '../wire/parameter.ts'
import type { PgQuery, PgTypes } from '../wire/pg-client.ts'
import { planOf } from './prepared.ts'
import { statementText } from './sql-text.ts'
import { toWire, type WireValue } from '../wire/wire-value.ts'

/** A query as it can be sent: whatever could fail while its message is built has been done. */
export interface Statement extends PgQuery {
  /** The values as they go out, for what writes the messages. */
  readonly wire: readonly WireValue[]
}

/** The count is 16 bits wide. https://www.postgresql.org/docs/current/protocol-message-formats.html, Bind */
const MAX_PARAMETERS = 65_535

/** The server closes the connection at a message of 1 GiB (`PQ_LARGE_MESSAGE_LIMIT`). */
const MAX_LENGTH = 2 ** 30 - 2

/**
 * Makes a statement of a query of Kysely. Called before anything is sent, so that a value that cannot be
 * sent does not lose the connection.
 *
 * @throws {TypeError} on text with U+0000
 * @throws {DbError} `invalid_value`
 */
export function statementOf(query: CompiledQuery, types: PgTypes): Statement {
  const { sql, parameters } = query
  const text = statementText(sql)
  const plan = planOf(query)
  if (parameters.length === 0) return { text, types, plan, values: [], wire: [] }
  if (parameters.length > MAX_PARAMETERS) {
    throw invalid(
      `Expected at most ${MAX_PARAMETERS} parameters, got ${parameters.length}: insert in several statements or with copyIn(), or pass one array, as in = any($1) and unnest($1)`,
    )
  }
  const values: unknown[] = []
  const wire: WireValue[] = []
  let length = text.length
  for (const [at, parameter] of parameters.entries()) {
    try {
      const value = toParameter(parameter)
      const sent = toWire(value)
      values.push(value)
      wire.push(sent)
      length += sizeOf(sent)
    } catch (cause) {
      throw invalid(`Expected $${at + 1} to be a value that can be sent`, cause)
    }
  }
  if (length <= MAX_LENGTH) return { text, types, plan, values, wire }
  throw invalid('Expected a statement of less than 1 GiB: load what is larger with copyIn()')
}

/** In bytes; UTF-8 takes up to three for each unit of a string, so only a long one is measured. */
function sizeOf(value: WireValue): number {
  if (typeof value !== 'string') return value?.length ?? 0
  return value.length < MAX_LENGTH / MAX_PARAMETERS ? value.length : Buffer.byteLength(value)
}

function invalid(message: string, cause?: unknown): DbError {
  const init = { operation: 'query', code: 'invalid_value', outcome: 'none' } as const
  return new DbError(message, cause === undefined ? init : { ...init, cause })
}
