import { Client } from 'pg'
import { type PostgresServer, startPostgres, startSandbox } from '@yuzuru/sandbox'
import type { Benchmark, Figure } from '../benchmark.ts'

const MS = 'ms'
const TABLES = 50

/** How long `work` takes, as a figure. */
async function timed(name: string, work: () => Promise<unknown>): Promise<Figure> {
  const start = performance.now()
  await work()
  return { name, value: performance.now() - start, unit: MS }
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    // Several statements have several results.
    const [result] = [await client.query<Record<string, unknown>>(sql)].flat()
    return result?.rows[0]?.['answer']
  } finally {
    await client.end()
  }
}

/** What migrations would make. */
const schema = Array.from(
  { length: TABLES },
  (_, nth) => `create table t${nth} (id bigint primary key, name text not null unique);`,
).join('\n')

async function expectTables(url: string): Promise<void> {
  const counted = "select count(*)::int as answer from pg_tables where schemaname = 'public'"
  const tables = await query(url, counted)
  if (tables !== TABLES) throw new Error(`Expected ${TABLES} tables, got ${String(tables)}`)
}

/** A fresh database for a test: its tables made one by one, or copied from a template that has them. */
async function databases(postgres: PostgresServer): Promise<readonly Figure[]> {
  const template = await postgres.createDatabase({ name: 'with_tables' })
  await query(template, schema)
  const made: string[] = []
  const figures = [
    await timed(`a database, ${TABLES} tables created in it`, async () => {
      const url = await postgres.createDatabase()
      await query(url, schema)
      made.push(url)
    }),
    await timed(`a database, ${TABLES} tables from a template`, async () => {
      made.push(await postgres.createDatabase({ template: 'with_tables' }))
    }),
  ]
  for (const url of made) await expectTables(url)
  return figures
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'until the stand-ins are ready',
  bars: {},
  async measure(resources) {
    // The first start on a machine unpacks what later ones use.
    await (await startPostgres()).close()
    let postgres: PostgresServer | undefined
    const one = await timed('PostgreSQL, its first query answered', async () => {
      postgres = resources.use(await startPostgres())
      const answer = await query(postgres.url, 'select 1 as answer')
      if (answer !== 1) throw new Error(`Expected 1, got ${String(answer)}`)
    })
    if (postgres === undefined) throw new Error('Expected a server')
    const copies = await databases(postgres)
    const all = await timed('PostgreSQL, S3, SMTP, Stripe and Google, side by side', async () => {
      const sandbox = resources.use(await startSandbox())
      if (sandbox.services.length !== 5) throw new Error('Expected five services')
    })
    return [one, all, ...copies]
  },
}
