import { expectOptions } from '@yuzuru/concurrency/boundary'
import { sleep } from '@yuzuru/concurrency'
import { type RawBuilder, sql } from 'kysely'
import type { EncryptedText } from './encryption.ts'
import type { Queryable } from '../statements/queryable.ts'
import { loosely } from '../statements/table.ts'
import { transaction } from '../transactions/transaction.ts'

/** Options of {@link rotate}. */
export interface RotateOptions {
  /** The column that `seal` was given as the row's id: the primary key, or one with an index. @default 'id' */
  readonly id?: string | undefined
  /** The column that holds the blind index, if there is one: it is made anew with the value. */
  readonly index?: string | undefined
  /** How many rows one transaction locks, from 1 up. @default 500 */
  readonly batchSize?: number | undefined
}

/** How long to wait when other transactions hold all rows that are left. */
const LOCKED_DELAY_MS = 100

/**
 * Encrypts again, with the current key, every value that was sealed with another. It can run while the
 * application does: rows are locked a batch at a time, in the order of their ids, and rows that another
 * transaction holds are done later. Its progress is in the data itself, so an interrupted rotation goes on
 * when it is called again, also from several processes.
 *
 * It walks the index of `id` once and reads the table once more to see that nothing is left.
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
  expectOptions(options, ['id', 'index', 'batchSize'], 'rotate')
  const { batchSize = 500 } = options
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new TypeError(`Expected batchSize to be an integer from 1 up, got ${batchSize}`)
  }
  let total = 0
  for (;;) {
    let last: string | undefined
    do {
      const after = last
      const batch = await transaction(db, (tx) => sealBatch(tx, text, options, after))
      total += batch.sealed
      last = batch.sealed < batchSize ? undefined : batch.last
    } while (last !== undefined)
    if (!(await hasStale(db, text))) return total
    await sleep(LOCKED_DELAY_MS)
  }
}

function stale({ column, prefix }: EncryptedText): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} is not null and not starts_with(${sql.ref(column)}, ${prefix})`
}

async function hasStale<DB>(db: Queryable<DB>, text: EncryptedText): Promise<boolean> {
  const query = loosely(db)
    .selectFrom(text.table)
    .select(sql`1`.as('found'))
    .where(stale(text))
    .limit(1)
  return (await query.execute()).length > 0
}

interface Batch {
  readonly sealed: number
  /** The id of its last row. */
  readonly last: string | undefined
}

async function sealBatch<DB>(
  tx: Queryable<DB>,
  text: EncryptedText,
  { id = 'id', index, batchSize = 500 }: RotateOptions,
  after: string | undefined,
): Promise<Batch> {
  // In full: `order by id` alone would mean the text that is selected under that name.
  const column = sql.ref(`${text.table}.${id}`)
  const query = loosely(tx)
    .selectFrom(text.table)
    .select([sql`${column}::text`.as('id'), sql`${sql.ref(text.column)}`.as('sealed')])
    .where(stale(text))
    .$if(after !== undefined, (batch) => batch.where(sql<boolean>`${column} > ${after}`))
    .orderBy(column)
    .limit(batchSize)
    .forUpdate()
    .skipLocked()
    .compile()
  // Names go through the plugins of `tx`; what comes back stays here, and does not.
  const { rows } = await tx.withoutPlugins().executeQuery(query)
  const found = rows.map((row) => Object.values(row as object) as [string, string])
  if (found.length === 0) return { sealed: 0, last: undefined }
  const plaintexts = found.map(([at, sealed]) => text.open(at, sealed))
  const ids = found.map(([at]) => at)
  const fresh = sql`unnest(
    ${ids}::text[],
    ${plaintexts.map((plaintext, at) => text.seal(ids[at] ?? '', plaintext))}::text[],
    ${plaintexts.map((plaintext) => text.blindIndex(plaintext))}::text[]
  )`.as<'fresh'>(sql`fresh (id, sealed, blind)`)
  await loosely(tx)
    .updateTable(text.table)
    .from(fresh)
    .set({
      [text.column]: sql`fresh.sealed`,
      ...(index === undefined ? {} : { [index]: sql`fresh.blind` }),
    })
    // The first condition is for the index, whatever type the ids have; the second says which is whose.
    .where(sql<boolean>`${column} = any(${ids})`)
    .where(sql<boolean>`${column}::text = fresh.id`)
    .execute()
  return { sealed: found.length, last: ids.at(-1) }
}
