import { type Kysely, sql, type Transaction } from 'kysely'
import { kyselyBillingStore } from '../src/stores/kysely-store.ts'
import { openDatabase } from './database.ts'
import { type DyingOrder, noteAll } from './dying-order.ts'
import { makePrice } from './price.ts'
import { openStage, type Stage } from './stage.ts'

type Server = Stage<undefined>['server']

/** A Stripe and a database, on which processes die. */
export interface DyingWorld extends AsyncDisposable {
  readonly stage: Stage<Transaction<unknown>>
  readonly customersOf: (reference: string) => ReturnType<Server['customers']>
  readonly subscriptionsOf: (reference: string) => ReturnType<Server['subscriptions']>
  /** What a process is to do; its reference has a subscription, unless it is to check out. */
  prepare(order: Pick<DyingOrder, 'verb' | 'how' | 'dieAt'>): Promise<DyingOrder>
  /** How often a notice was written down. */
  timesNoticed(what: string): Promise<number>
}

export async function openDyingWorld(): Promise<DyingWorld> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await openDatabase())
  const db = database.db as unknown as Kysely<unknown>
  await sql`create table noticed (what text not null)`.execute(db)
  const stage = stack.use(await openStage({ store: kyselyBillingStore(db) }))
  const { server, billing } = stage
  noteAll(billing)
  const price = (await makePrice(billing)).id
  const otherPrice = (await makePrice(billing, 4_980)).id
  const customersOf: DyingWorld['customersOf'] = (reference) =>
    server.customers().filter((one) => one.metadata['yuzuru_reference'] === reference)
  const subscribe = async (reference: string): Promise<string> => {
    const { customerId: customer } = await billing.ensureCustomer({ reference, email: 'a@b.jp' })
    const stripe = billing.client
    const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
    return (await stripe.subscriptions.create({ customer, items: [{ price }] })).id
  }
  const kept = stack.move()
  return {
    stage,
    customersOf,
    subscriptionsOf: (reference) => {
      const [customer] = customersOf(reference)
      return server.subscriptions().filter((one) => one.customer === customer?.id)
    },
    async prepare({ verb, how, dieAt }) {
      const reference = `${verb}, ${how}, ${dieAt}`
      const id = verb === 'checkout' ? undefined : await subscribe(reference)
      const event = server.events().find(({ data }) => data.object['id'] === id) ?? {}
      const { host, port, secretKey, webhookSecret } = server
      return {
        databaseUrl: database.url,
        stripe: { host, port, secretKey, webhookSecret },
        price: verb === 'changePlan' ? otherPrice : price,
        verb,
        reference,
        event,
        dieAt,
        how,
      }
    },
    async timesNoticed(what) {
      const { rows } = await sql<{ times: number }>`
        select count(*)::int as times from noticed where what = ${what}`.execute(db)
      return rows[0]?.times ?? 0
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
