import { OLDER_POSTGRES } from '@yuzuru/older-postgres'
import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import { health } from './statements/health.ts'
import { exerciseDatabase } from './testing/exercise-database.ts'

// 18 is what all other tests run on; `pnpm --filter @yuzuru/db test:versions` runs them on these too.
describe.for(OLDER_POSTGRES)('PostgreSQL %i', ([version, binaries]) => {
  let postgres: PostgresServer

  beforeAll(async () => {
    postgres = await startPostgres({ binaries })
  })

  afterAll(async () => {
    await postgres.close()
  })

  test('is what is tested', async () => {
    await using db = createDatabase({ url: postgres.url })
    expect((await health(db)).serverVersion).toMatch(new RegExp(`^${version}\\.`))
  })

  for (const { name, run } of exerciseDatabase(() => createDatabase({ url: postgres.url }))) {
    test(name, run)
  }
})
