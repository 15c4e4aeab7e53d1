import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { KINDS, Life, type LifeStep, START } from '../../test/life.ts'
import { openSubscribed } from '../../test/subscribed.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

async function live<Tx>(store: BillingStore<Tx>, steps: readonly LifeStep[]): Promise<void> {
  const clock: { life?: Life<Tx> } = {}
  await using open = await openSubscribed<Tx>({
    store,
    attempts: 1,
    now: () => clock.life?.now ?? START,
    trial: { days: 20 },
    report: () => undefined,
  })
  const life = new Life(open, store)
  clock.life = life
  await life.begin()
  for (const one of steps) await life.do(one)
  await life.arriveAll()
  await life.expectTruth()
  await life.clickOnce()
  await life.expectTruth()
}

const STORES = {
  'in memory': {
    runs: 12,
    run: (steps: readonly LifeStep[]) => live(memoryBillingStore(), steps),
  },
  'on PostgreSQL': {
    runs: 4,
    async run(steps: readonly LifeStep[]) {
      await using database = await openDatabase()
      await live(kyselyBillingStore(database.db), steps)
    },
  },
}

test.each(Object.entries(STORES))(
  '%s, whatever happens, the status is what Stripe’s objects say, within one sync or once all webhooks have come',
  async (_, { runs, ...store }) => {
    const step: fc.Arbitrary<LifeStep> = fc.tuple(fc.constantFrom(...KINDS), fc.nat({ max: 1_000 }))
    const life = fc.array(step, { minLength: 5, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(life, (steps) => store.run(steps)),
      {
        numRuns: Number(process.env['YUZURU_RUNS'] ?? runs),
      },
    )
    expect.hasAssertions()
  },
)
