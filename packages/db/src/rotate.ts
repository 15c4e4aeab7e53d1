import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import type { EncryptedText } from './encryption.ts'
import type { Queryable } from './queryable.ts'
import { transaction } from './transaction.ts'

export interface RotateOptions {
  /** The column that `seal` was given as the row's id. @default 'id' */
  readonly id?: string
  /** The column that holds the blind index, if there is one: it is made anew with the value. */
  readonly index?: string
  /** How many rows one transaction locks, from 1 up. @default 500 */
  readonly batchSize?: number
}

/** How long to wait when somebody else holds all rows that are left. */
const LOCKED_DELAY_MS = 100

/**
 * Seals anew, with the current key, what was sealed with another. Runs while the application does: rows
 * are locked a batch at a time, and rows that somebody else holds are taken later. Where it stands is
 * in the data, so one that was interrupted goes on when it is called again, also from several processes.
 *
 * @returns how many values it sealed
 * @throws {EncryptionError} when a value does not open
 * @example
 * await rotate(db, encryptedText('staff', 'phone'), { index: 'phone_index' })
 */
export async function rotate<DB>(
  db: Queryable<DB>,
  text: EncryptedText,
  options: RotateOptions = {},
): Promise<number> {
  const { batchSize = 500 } = options
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new TypeError(`Expected batchSize to be an integer from 1 up, got ${batchSize}`)
  }
  let total = 0
  for (;;) {
    const { sealed, left } = await transaction(db, async (tx) => {
      const sealed = await sealBatch(tx, text, options, batchSize)
      return { sealed, left: sealed > 0 || (await hasStale(tx, text)) }
    })
    total += sealed
    if (!left) return total
    if (sealed === 0) await sleep(LOCKED_DELAY_MS)
  }
}

function stale(text: EncryptedText): ReturnType<typeof sql<boolean>> {
  const column = sql.ref(text.column)
  return sql<boolean>`${column} is not null and not starts_with(${column}, ${text.prefix})`
}

async function hasStale<DB>(tx: Queryable<DB>, text: EncryptedText): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from ${sql.table(text.table)} where ${stale(text)}) as found`.execute(tx)
  return rows[0]?.found === true
}

async function sealBatch<DB>(
  tx: Queryable<DB>,
  text: EncryptedText,
  { id = 'id', index }: RotateOptions,
  batchSize: number,
): Promise<number> {
  const { rows } = await sql<{ id: string; sealed: string }>`
    select ${sql.ref(id)}::text as id, ${sql.ref(text.column)} as sealed
    from ${sql.table(text.table)} where ${stale(text)}
    limit ${batchSize} for update skip locked`.execute(tx)
  if (rows.length === 0) return 0
  const values = rows.map((row) => {
    const plaintext = text.open(row.id, row.sealed)
    return { id: row.id, sealed: text.seal(row.id, plaintext), index: text.blindIndex(plaintext) }
  })
  const indexed = index === undefined ? sql`` : sql`, ${sql.ref(index)} = fresh.index`
  await sql`
    update ${sql.table(text.table)} as old set ${sql.ref(text.column)} = fresh.sealed${indexed}
    from unnest(
      ${values.map((value) => value.id)}::text[],
      ${values.map((value) => value.sealed)}::text[],
      ${values.map((value) => value.index)}::text[]
    ) as fresh (id, sealed, index)
    where old.${sql.ref(id)}::text = fresh.id`.execute(tx)
  return rows.length
}
