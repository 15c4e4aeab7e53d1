import { transaction } from '@yuzuru/db'
import { describe, expect, test, vi } from 'vitest'
import { openDatabase, yuzuruDatabase } from '../../test/database.ts'
import { post } from '../../test/idempotent-stage.ts'
import { idempotent } from './idempotent.ts'
import { kyselyIdempotencyStore } from './kysely-idempotency-store.ts'

describe('with effects that are had once, a statement that fails says nothing of what was done beside it', () => {
  test.each(['as it is', 'as a cause', 'among others'] as const)('%s', async (how) => {
    await using database = await openDatabase()
    const db = yuzuruDatabase(database.url)
    const wrong = { name: null as never }
    for (const store of [
      kyselyIdempotencyStore(database.db),
      kyselyIdempotencyStore(db, { transaction: (fn) => transaction(db, fn) }),
    ]) {
      const faxed = vi.fn()
      const handle = idempotent(
        async (_request, { tx }) => {
          // By a client that nobody knows of here.
          faxed()
          try {
            await tx.insertInto('effects').values(wrong).execute()
          } catch (error) {
            if (how === 'as it is') throw error
            if (how === 'among others')
              throw new AggregateError([error], 'several', { cause: error })
            throw new Error('cannot be noted', { cause: error })
          }
          return new Response('done')
        },
        { store, caller: 'everyone', effects: 'once' },
      )
      const key = crypto.randomUUID()
      await expect(handle(post(key))).rejects.toThrow()
      expect((await handle(post(key))).status).toBe(409)
      expect(faxed).toHaveBeenCalledOnce()
    }
  })
})
