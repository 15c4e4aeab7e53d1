import type { Session } from '../connections/session.ts'
import type { PgResult } from '../wire/pg-client.ts'
import type { ValueTypes } from '../wire/value-parsers.ts'

/** Whether a result has columns of the database's own types, which have come as text. */
export function hasOwnTypes({ fields }: PgResult, types: ValueTypes): boolean {
  return fields !== undefined && types.catalogue.concerns(fields)
}

/** Reads what the database's own types have left as text, with the help of its catalogue. */
export async function readOwnTypes(
  result: PgResult,
  types: ValueTypes,
  signal: AbortSignal,
  borrow: () => Promise<Session>,
): Promise<PgResult> {
  const { fields = [], rows } = result
  await types.catalogue.read(fields, rows, async (text, oids) => {
    const session = await borrow()
    return (await session.query({ text, values: [[...oids]], types }, signal)).rows
  })
  return result
}
