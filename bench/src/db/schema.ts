import { Client } from 'pg'
import { startPostgres } from '@yuzuru/sandbox'

/** The tables that the benchmarks read and write. */
export interface Schema {
  offices: { readonly id: number; readonly name: string; readonly visits: number }
  plans: { readonly id: number; readonly office_id: number; readonly title: string }
}

export const OFFICES = 1_000

/** How many plans each office has. */
export const PLANS = 5

/** Starts a server with offices and their plans; stopped with `resources`. Returns its URL. */
export async function startWithOffices(
  resources: AsyncDisposableStack,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const postgres = resources.use(await startPostgres({ settings }))
  const url = await postgres.createDatabase()
  const client = new Client(url)
  await client.connect()
  await client.query(`
    create table offices (id int primary key, name text not null, visits int not null default 0);
    create table plans (id int primary key, office_id int not null, title text not null);
    insert into offices select id, 'office ' || id from generate_series(1, ${OFFICES}) id;
    insert into plans select id, id % ${OFFICES} + 1, 'plan ' || id
      from generate_series(1, ${OFFICES * PLANS}) id;
    create index on plans (office_id);
    analyze;
  `)
  await client.end()
  return url
}
