import { sql } from 'kysely'
import type { Benchmark, Case } from '../benchmark.ts'
import { deliveryOf } from './event.ts'
import { startBilling } from './stage.ts'

const READS = 200
const REFERENCES = 100

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'what is true of a reference that has subscribed, read one after the other',
  operation: 'read',
  clock: 'wall',
  bars: [{ of: 'yuzuru', against: 'the SELECT by hand', atMost: 1.15 }],
  async cases(resources) {
    const { billing, db } = await startBilling(resources)
    for (let at = 0; at < REFERENCES; at += 1) {
      await billing.webhook(deliveryOf(at))
    }
    const reading = (name: string, read: (reference: string) => Promise<boolean>): Case => ({
      name,
      operations: READS,
      expected: READS,
      async run() {
        let open = 0
        for (let at = 0; at < READS; at += 1) {
          if (await read(`office_${at % REFERENCES}`)) open += 1
        }
        return open
      },
    })
    return [
      reading('yuzuru', async (reference) => (await billing.status(reference)).canUse('plans')),
      reading('the SELECT by hand', async (reference) => {
        const { rows } = await sql<{ readonly status: string }>`
          select a.trial_ends_at, s.*
          from yuzuru_billing_accounts as a
            left join yuzuru_billing_subscriptions as s on s.reference = a.reference
          where a.reference = ${reference}`.execute(db)
        return rows[0]?.status === 'active'
      }),
    ]
  },
}
