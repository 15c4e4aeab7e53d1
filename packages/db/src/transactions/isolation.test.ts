import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { DbError } from '../wire/db-error.ts'
import { transaction } from './transaction.ts'
import type { TransactionOptions } from './transaction-options.ts'

/*
 * The anomalies of Martin Kleppmann's hermitage (https://github.com/ept/hermitage), by the names of
 * Adya's thesis, through our API: each is shown to happen, or not to, as PostgreSQL's documentation
 * says of its levels.
 */

interface Schema {
  test: { id: number; value: number }
}

type Level = NonNullable<TransactionOptions['isolation']>

const undo = new Error('undo')

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url })
  await sql`create table test (id int primary key, value int not null)`.execute(db)
})

beforeEach(async () => {
  await db.deleteFrom('test').execute()
  await sql`insert into test values (1, 10), (2, 20)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

/** A transaction that is led step by step, and how it ended. */
interface Led {
  readonly tx: Transaction<Schema>
  set(id: number, value: number): Promise<unknown>
  get(id: number): Promise<number | undefined>
  /** The ids of the rows whose value this divides. */
  multiplesOf(divisor: number): Promise<number[]>
  commit(): Promise<boolean>
  rollback(): Promise<boolean>
}

async function begin(isolation: Level): Promise<Led> {
  const started = Promise.withResolvers<Transaction<Schema>>()
  const decided = Promise.withResolvers<void>()
  const committed = transaction(
    db,
    async (tx) => {
      started.resolve(tx)
      await decided.promise
    },
    { isolation, attempts: 1 },
  ).then(
    () => true,
    (error: unknown) => {
      if (error === undo || (DbError.isInstance(error) && error.retryable)) return false
      throw error
    },
  )
  const tx = await started.promise
  // A statement that conflicts makes the transaction fail; how it ends is what counts here.
  const quietly = <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      decided.reject(error)
      return undefined
    })
  return {
    tx,
    set: (id, value) =>
      quietly(tx.updateTable('test').set({ value }).where('id', '=', id).execute()),
    async get(id) {
      const query = tx.selectFrom('test').select('value').where('id', '=', id)
      return (await quietly(query.executeTakeFirst()))?.value
    },
    async multiplesOf(divisor) {
      const query = tx
        .selectFrom('test')
        .select('id')
        .where(sql<boolean>`value % ${divisor} = 0`)
      return (await quietly(query.orderBy('id').execute()))?.map(({ id }) => id) ?? []
    },
    commit() {
      decided.resolve()
      return committed
    },
    rollback() {
      decided.reject(undo)
      return committed
    },
  }
}

/** Waits until a statement of ours waits for a lock. */
async function blocked(): Promise<void> {
  const query = sql`select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  while ((await query.execute(db)).rows.length === 0);
}

async function valueOf(id: number): Promise<number | undefined> {
  const query = db.selectFrom('test').select('value').where('id', '=', id)
  return (await query.executeTakeFirst())?.value
}

/** Each tells whether the anomaly happened. */
const anomalies: Record<string, (level: Level) => Promise<boolean>> = {
  'G0 dirty write': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    await a.set(1, 11)
    const second = b.set(1, 12)
    await blocked()
    await a.set(2, 21)
    await a.commit()
    await second
    await b.set(2, 22)
    await b.commit()
    return (
      ![11, 12].includes((await valueOf(1)) ?? 0) ||
      (await valueOf(2)) !== ((await valueOf(1)) ?? 0) + 10
    )
  },
  'G1a aborted read': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    await a.set(1, 101)
    const seen = await b.get(1)
    await a.rollback()
    const again = await b.get(1)
    await b.commit()
    return seen !== 10 || again !== 10
  },
  'G1b intermediate read': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    await a.set(1, 101)
    const seen = await b.get(1)
    await a.set(1, 11)
    await a.commit()
    await b.commit()
    return seen === 101
  },
  'G1c circular information flow': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    await a.set(1, 11)
    await b.set(2, 22)
    const [byA, byB] = [await a.get(2), await b.get(1)]
    const both = [await a.commit(), await b.commit()]
    return (byA === 22 || byB === 11) && both.every(Boolean)
  },
  'OTV observed transaction vanishes': async (level) => {
    const [a, b, c] = [await begin(level), await begin(level), await begin(level)]
    await a.set(1, 11)
    await a.set(2, 19)
    const second = b.set(1, 12)
    await blocked()
    await a.commit()
    const first = await c.get(1)
    await second
    await b.set(2, 18)
    const other = await c.get(2)
    await b.commit()
    const later = [await c.get(2), await c.get(1)]
    await c.commit()
    return first === 11 && (other === 20 || (later[0] === 18 && later[1] !== 12))
  },
  'PMP predicate-many-preceders': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    const before = await a.multiplesOf(3)
    await b.tx.insertInto('test').values({ id: 3, value: 30 }).execute()
    await b.commit()
    const after = await a.multiplesOf(3)
    await a.commit()
    return before.length !== after.length
  },
  'P4 lost update': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    await a.get(1)
    await b.get(1)
    await a.set(1, 11)
    const second = b.set(1, 11)
    await blocked()
    const committed = await a.commit()
    await second
    return committed && (await b.commit())
  },
  'G-single read skew': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    const first = await a.get(1)
    await b.get(1)
    await b.set(1, 12)
    await b.set(2, 18)
    await b.commit()
    const second = await a.get(2)
    await a.commit()
    return first === 10 && second === 18
  },
  'G2-item write skew': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    for (const led of [a, b]) {
      await led.get(1)
      await led.get(2)
    }
    await a.set(1, 11)
    await b.set(2, 21)
    const committed = await a.commit()
    return committed && (await b.commit())
  },
  'G2 anti-dependency cycle': async (level) => {
    const [a, b] = [await begin(level), await begin(level)]
    await a.multiplesOf(3)
    await b.multiplesOf(3)
    await a.tx.insertInto('test').values({ id: 3, value: 30 }).execute()
    await b.tx.insertInto('test').values({ id: 4, value: 42 }).execute()
    const committed = await a.commit()
    return committed && (await b.commit())
  },
}

const snapshot = new Set(['PMP predicate-many-preceders', 'P4 lost update', 'G-single read skew'])
const serial = new Set(['G2-item write skew', 'G2 anti-dependency cycle'])

/** https://www.postgresql.org/docs/current/transaction-iso.html */
const allowed: Record<Level, (anomaly: string) => boolean> = {
  'read committed': (anomaly) => snapshot.has(anomaly) || serial.has(anomaly),
  'repeatable read': (anomaly) => serial.has(anomaly),
  serializable: () => false,
}

const cases = Object.entries(allowed).flatMap(([level, allows]) =>
  Object.entries(anomalies).map(([anomaly, happens]) => ({
    level: level as Level,
    anomaly,
    happens,
    verb: allows(anomaly) ? 'allows' : 'prevents',
  })),
)

describe('isolation', () => {
  test.each(cases)('$level $verb $anomaly', async ({ level, happens, verb }) => {
    expect(await happens(level)).toBe(verb === 'allows')
  })
})
