import { Pool } from 'pg'
import { createDatabase, transaction } from '@yuzuru/db'
import type { Case } from '../benchmark.ts'
import { bareKysely } from './bare-kysely.ts'
import { OFFICES, type Schema, startWithOffices } from './schema.ts'

const TRANSACTIONS = 500
const CONNECTIONS = 10

/** Has all connections at work, each on offices of its own, and tells how many rows were changed. */
async function everywhere(visit: (office: number) => Promise<number>): Promise<number> {
  let next = 0
  let changed = 0
  const worker = async (): Promise<void> => {
    while (next < TRANSACTIONS) {
      next += 1
      const office = (next % OFFICES) + 1
      const rows = await visit(office)
      changed += rows
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  return changed
}

async function byHand(pool: Pool, office: number): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const text = 'update offices set visits = visits + 1 where id = $1'
    const { rowCount } = await client.query(text, [office])
    await client.query('commit')
    return rowCount ?? 0
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

/** Ours, Kysely's and pg's own way, on a server with these settings. */
export async function transactionCases(
  resources: AsyncDisposableStack,
  settings: Readonly<Record<string, string>>,
): Promise<Case[]> {
  const url = await startWithOffices(resources, settings)
  const db = resources.use(createDatabase<Schema>({ url, connections: CONNECTIONS }))
  const bare = resources.use(bareKysely(url, CONNECTIONS))
  const pool = resources.adopt(new Pool({ connectionString: url, max: CONNECTIONS }), (it) =>
    it.end(),
  )
  const common = { operations: TRANSACTIONS, expected: TRANSACTIONS }
  return [
    {
      ...common,
      name: 'yuzuru',
      run: () =>
        everywhere((office) =>
          transaction(db, async (tx) => {
            const { numUpdatedRows } = await tx
              .updateTable('offices')
              .set((eb) => ({ visits: eb('visits', '+', 1) }))
              .where('id', '=', office)
              .executeTakeFirst()
            return Number(numUpdatedRows)
          }),
        ),
    },
    {
      ...common,
      name: 'bare Kysely',
      run: () =>
        everywhere((office) =>
          bare.transaction().execute(async (tx) => {
            const { numUpdatedRows } = await tx
              .updateTable('offices')
              .set((eb) => ({ visits: eb('visits', '+', 1) }))
              .where('id', '=', office)
              .executeTakeFirst()
            return Number(numUpdatedRows)
          }),
        ),
    },
    {
      ...common,
      name: 'by hand on pg',
      run: () => everywhere((office) => byHand(pool, office)),
    },
  ]
}
