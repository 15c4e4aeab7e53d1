import { setImmediate } from 'node:timers/promises'
import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { createBilling } from '../src/create-billing.ts'
import { kyselyBillingStore } from '../src/stores/kysely-store.ts'
import { act, type DyingOrder, noteAll } from './dying-order.ts'
import { type Step, steppedStore, steppedStripe } from './stepped.ts'

/*
 * A process of an app: it does what the parent says, and is killed at one step of it. It sends how many steps there
 * were if it comes to its end.
 */

process.once('message', (order: DyingOrder) => {
  void run(order).then((steps) => process.send?.({ steps }, () => process.exit()))
})

async function run(order: DyingOrder): Promise<number> {
  let steps = 0
  const step: Step = async (work) => {
    steps += 1
    const dies = steps === order.dieAt
    const working = work()
    if (dies && order.how === 'under way') {
      working.catch(() => undefined)
      for (let turn = 0; turn < 3; turn += 1) await setImmediate()
      process.kill(process.pid, 'SIGKILL')
    }
    const value = await working
    if (dies) process.kill(process.pid, 'SIGKILL')
    return value
  }
  const pool = new Pool({ connectionString: order.databaseUrl, max: 4 })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const billing = createBilling({
    client: steppedStripe(order.stripe, step),
    webhookSecret: order.stripe.webhookSecret,
    store: steppedStore(kyselyBillingStore(db), step),
  })
  noteAll(billing)
  await act(billing, order)
  return steps
}
