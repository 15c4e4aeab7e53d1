import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { KINDS, Life, type LifeStep, START } from '../../test/life.ts'
import { openSubscribed } from '../../test/subscribed.ts'
import type { Keep } from '../status/plan-options.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

interface AnyLife {
  readonly steps: readonly LifeStep[]
  readonly keep: Keep | undefined
}

async function live<Tx>(store: BillingStore<Tx>, { steps, keep }: AnyLife): Promise<void> {
  const clock: { life?: Life<Tx> } = {}
  await using open = await openSubscribed<Tx>({
    store,
    keep,
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
  if (keep !== undefined) await life.expectOneKept()
  await life.clickOnce()
  await life.expectTruth()
}

const STORES = {
  'in memory': {
    runs: 12,
    run: (life: AnyLife) => live(memoryBillingStore(), life),
  },
  'on PostgreSQL': {
    runs: 4,
    async run(life: AnyLife) {
      await using database = await openDatabase()
      await live(kyselyBillingStore(database.db), life)
    },
  },
}

const asked = process.env['YUZURU_RUNS']

// Ten thousand lives take about an hour: `YUZURU_RUNS=10000 vitest run src/webhooks/any-life.test.ts -t memory`.
// Those of `YUZURU_SEED=7` passed.
const patience = { timeout: 120_000 + Number(asked ?? 0) * 10_000 }

test.each(Object.entries(STORES))(
  '%s, whatever happens, the status is what Stripe’s objects say, within one sync or once all webhooks have come',
  patience,
  async (_, { runs, ...store }) => {
    const step: fc.Arbitrary<LifeStep> = fc.tuple(fc.constantFrom(...KINDS), fc.nat({ max: 1_000 }))
    const life: fc.Arbitrary<AnyLife> = fc.record({
      steps: fc.array(step, { minLength: 5, maxLength: 25 }),
      keep: fc.constantFrom<(Keep | undefined)[]>(undefined, 'first', 'latest'),
    })
    await fc.assert(
      fc.asyncProperty(life, (one) => store.run(one)),
      { numRuns: Number(asked ?? runs) },
    )
    expect.hasAssertions()
  },
)
