import { performance } from 'node:perf_hooks'
import { sql } from 'kysely'
import type { Benchmark } from '../benchmark.ts'
import { deliveryOf } from './event.ts'
import { startBilling } from './stage.ts'

const EVENTS = 1_000
const SUBSCRIPTIONS = 100

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'a thousand webhooks for a hundred customers, all at once',
  bars: {
    'applied at once': { atLeast: EVENTS },
    marked: { atLeast: EVENTS },
    active: { atLeast: SUBSCRIPTIONS },
  },
  async measure(resources) {
    const { billing, db } = await startBilling(resources)
    const requests = Array.from({ length: EVENTS }, (_, at) => deliveryOf(at % SUBSCRIPTIONS))
    const from = performance.now()
    const answers = await Promise.all(requests.map((request) => billing.webhook(request)))
    const seconds = (performance.now() - from) / 1_000
    const applied = answers.filter(({ status }) => status === 200).length
    const { rows } = await sql<{ readonly marked: number; readonly active: number }>`
      select (select count(*)::int from yuzuru_billing_events) as marked,
        (select count(*)::int from yuzuru_billing_subscriptions where status = 'active') as active`.execute(
      db,
    )
    return [
      { name: 'applied at once', value: applied, unit: 'webhooks' },
      { name: 'marked', value: rows[0]?.marked ?? 0, unit: 'events' },
      { name: 'active', value: rows[0]?.active ?? 0, unit: 'rows' },
      { name: 'all of them', value: seconds, unit: 's' },
    ]
  },
}
