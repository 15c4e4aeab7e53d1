import { kyselyBillingStore } from '@yuzuru/billing/kysely'
import { Stripe } from 'stripe'
import type { Benchmark, Case } from '../benchmark.ts'
import { deliveryOf } from './event.ts'
import { startBilling, WEBHOOK_SECRET } from './stage.ts'

const EVENTS = 200
const SUBSCRIPTIONS = 100
const AT_ONCE = 10

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'webhooks, ten at once: verify, ask Stripe for the subscription, write it down',
  operation: 'webhook',
  clock: 'cpu',
  warmUpMs: 3_000,
  bars: [
    { of: 'yuzuru', against: 'by hand', atMost: 1.5 },
    { of: 'yuzuru', against: 'by hand, on the store of billing', atMost: 1.5 },
  ],
  async cases(resources) {
    const { billing, db, pool, port } = await startBilling(resources)
    const store = kyselyBillingStore(db)
    await pool.query(`
      create table offices (
        id text primary key, status text, period_end bigint, fetched bigint not null default 0);
      create table marks (id text primary key);
      create sequence fetches`)
    for (let at = 0; at < SUBSCRIPTIONS; at += 1) {
      await pool.query('insert into offices (id) values ($1)', [`sub_${at}`])
    }
    const stripe = new Stripe('sk_test_bench', { host: '127.0.0.1', port, protocol: 'http' })
    const verified = async (request: Request): Promise<Stripe.Event> => {
      const signature = request.headers.get('stripe-signature') ?? ''
      return stripe.webhooks.constructEvent(await request.text(), signature, WEBHOOK_SECRET)
    }
    const receiving = (name: string, receive: (request: Request) => Promise<boolean>): Case => ({
      name,
      operations: EVENTS,
      expected: EVENTS,
      async run() {
        let received = 0
        const side = async (from: number): Promise<void> => {
          for (let at = from; at < EVENTS; at += AT_ONCE) {
            if (await receive(deliveryOf(at % SUBSCRIPTIONS))) received += 1
          }
        }
        await Promise.all(Array.from({ length: AT_ONCE }, (_, from) => side(from)))
        return received
      },
    })
    return [
      receiving('yuzuru', async (request) => (await billing.webhook(request)).status === 200),
      receiving('by hand', async (request) => {
        const event = await verified(request)
        const { id } = event.data.object as Stripe.Subscription
        const subscription = await stripe.subscriptions.retrieve(id)
        const { rowCount } = await pool.query(
          'update offices set status = $2, period_end = $3 where id = $1',
          [id, subscription.status, subscription.items.data[0]?.current_period_end],
        )
        return rowCount === 1
      }),
      // The least that keeps an older answer from replacing a newer one, and an event from counting twice.
      receiving('by hand, with a number and a mark', async (request) => {
        const event = await verified(request)
        const { id } = event.data.object as Stripe.Subscription
        const { rows } = await pool.query<{ number: string }>(
          `select nextval('fetches') as number, exists (select from marks where id = $1)`,
          [event.id],
        )
        const subscription = await stripe.subscriptions.retrieve(id)
        const { rowCount } = await pool.query(
          `with marked as (insert into marks (id) values ($4) on conflict do nothing)
          update offices set status = $2, fetched = greatest(fetched, $3) where id = $1`,
          [id, subscription.status, rows[0]?.number, event.id],
        )
        return rowCount === 1
      }),
      // The floor: what the two statements of the store cost, with nothing of ours around them.
      receiving('by hand, on the store of billing', async (request) => {
        const event = await verified(request)
        const { id } = event.data.object as Stripe.Subscription
        const { number } = await store.drawFetch(event.id)
        const { created, customer, items, status } = await stripe.subscriptions.retrieve(id)
        const [item] = items.data
        const written = await store.writeFetch({
          number,
          now: Date.now(),
          reference: undefined,
          trialEndsAt: undefined,
          event: { id: event.id, type: event.type, createdAt: event.created * 1_000 },
          subscriptions: [
            {
              id,
              customerId: customer as string,
              namedReference: id.replace('sub', 'office'),
              status,
              paused: false,
              items: [],
              createdAt: created * 1_000,
              periodEndsAt: (item?.current_period_end ?? 0) * 1_000,
              trialEndsAt: undefined,
              endsAt: undefined,
            },
          ],
        })
        return !written.duplicate
      }),
    ]
  },
}
