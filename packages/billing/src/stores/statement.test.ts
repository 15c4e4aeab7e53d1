import { createDatabase } from '@yuzuru/db'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { kyselyBillingStore } from './kysely-store.ts'

test('on a database of @yuzuru/db the statements of a webhook and of a status are planned once for many', async () => {
  await using database = await openDatabase()
  await using db = createDatabase({ url: database.url, connections: 1 })
  const store = kyselyBillingStore(db)
  const fresh = { now: 0, trialEndsAt: 1 }
  for (let at = 0; at < 4; at += 1) {
    await store.openAccount('office_1', fresh)
    const { number } = await store.drawFetch(`evt_${at}`)
    const written = await store.writeFetch({
      number,
      now: at,
      reference: 'office_1',
      trialEndsAt: undefined,
      event: { id: `evt_${at}`, type: 'customer.subscription.updated', createdAt: at },
      subscriptions: [],
    })
    expect(written.duplicate).toBe(false)
  }

  const { rows } = await sql<{ begins: string }>`
    select btrim(statement, e' \\n') as begins from pg_prepared_statements
    where statement like '%yuzuru_billing_%' and statement not like '%pg_prepared%'`.execute(db)
  const kinds = [/^select\s+json_build_array/, /^select nextval/, /^with seen/]
  expect(kinds.map((kind) => rows.some(({ begins }) => kind.test(begins)))).toEqual([
    true,
    true,
    true,
  ])
})
