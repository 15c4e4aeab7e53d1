import { type Billing, createBilling } from '@yuzuru/billing'
import { billingMigrations, kyselyBillingStore } from '@yuzuru/billing/kysely'
import { createDatabase, type Database, migrate } from '@yuzuru/db'
import { startPostgres } from '@yuzuru/sandbox'
import type { Transaction } from 'kysely'
import { Pool } from 'pg'
import { startPeer } from '../peer.ts'

/** What a billing stands on here, and what one stands on by hand. */
export interface BillingStage {
  readonly billing: Billing<Transaction<unknown>>
  readonly db: Database<unknown>
  readonly pool: Pool
  /** Where what stands for Stripe listens. */
  readonly port: number
}

export const WEBHOOK_SECRET = 'whsec_bench'

/** A billing on PostgreSQL, and on a Stripe in a process of its own. */
export async function startBilling(resources: AsyncDisposableStack): Promise<BillingStage> {
  const { url } = resources.use(await startPostgres())
  const pool = new Pool({ connectionString: url, max: 10 })
  resources.defer(() => pool.end())
  const db = resources.use(createDatabase<unknown>({ url }))
  await migrate(db, [billingMigrations])
  const peer = resources.use(startPeer(import.meta.resolve('./stripe-server.ts')))
  const port = Number(await peer.ask('port'))
  const billing = resources.use(
    createBilling({
      secretKey: 'sk_test_bench',
      webhookSecret: WEBHOOK_SECRET,
      apiBase: `http://127.0.0.1:${port}`,
      store: kyselyBillingStore(db),
      trial: { days: 180 },
      prices: { basic: { features: ['plans'] } },
    }),
  )
  return { billing, db, pool, port }
}
