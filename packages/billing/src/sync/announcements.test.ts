import { sql, type Transaction } from 'kysely'
import { expect, test } from 'vitest'
import { openDatabase, type TestSchema } from '../../test/database.ts'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference } from '../../test/subscribed.ts'
import type { Billing } from '../billing.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'

type Tx = Transaction<TestSchema>

/** Writes a row for each notice, in its transaction: a job that is enqueued, say. */
function enqueue(billing: Billing<Tx>): void {
  billing.on('activated', async ({ reference: id, status }, tx) => {
    await tx.insertInto('offices').values({ id, status: status.status }).execute()
  })
}

test('a change is announced once, from however many processes and deliveries', async () => {
  await using database = await openDatabase()
  await sql`alter table offices drop constraint offices_pkey`.execute(database.db)
  const store = kyselyBillingStore(database.db)
  await using open = await openSubscribed({ store })
  const processes = [open.stage.billing, open.stage.another(), open.stage.another()]
  for (const billing of processes) enqueue(billing)
  await open.subscribe()
  const events = open.events().filter(({ type }) => /subscription|invoice/.test(type))
  const deliveries = [...events, ...events, ...events].map((event, at) =>
    open.deliver(event, processes[at % processes.length]),
  )
  await Promise.all([...deliveries, ...processes.map((billing) => billing.sync(reference))])
  const offices = await database.db.selectFrom('offices').selectAll().execute()
  expect(offices).toEqual([{ id: reference, status: 'active' }])
})

test('a handler that throws leaves neither the change nor the event, and is called when it comes again', async () => {
  await using database = await openDatabase()
  const store = kyselyBillingStore(database.db)
  await using open = await openSubscribed({ store, report: () => undefined })
  const { billing } = open.stage
  enqueue(billing)
  let fails = true
  billing.on('activated', () => {
    if (fails) throw new RangeError('not yet')
  })
  await open.subscribe()
  const event = open.events().findLast(({ type }) => type === 'customer.subscription.created') ?? {}
  expect((await open.deliver(event)).status).toBe(500)
  expect(await failureOf(billing.sync(reference))).toBeInstanceOf(RangeError)
  expect(await database.db.selectFrom('offices').selectAll().execute()).toEqual([])
  expect((await billing.status(reference)).status).toBe('none')
  fails = false
  expect(await (await open.deliver(event)).text()).toBe('received')
  expect(await database.db.selectFrom('offices').selectAll().execute()).toHaveLength(1)
})

test('every event is announced once, and no more when its handler is taken away', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const types: string[] = []
  const off = billing.on('event', ({ type, native, createdAt }) => {
    expect(native).toMatchObject({ created: createdAt.getTime() / 1_000 })
    types.push(type)
  })
  const [event] = open.events()
  await Promise.all([1, 2, 3].map(() => open.deliver(event ?? {})))
  expect(types).toEqual(['customer.created'])
  off()
  await open.deliver({ ...event, id: 'evt_other' })
  expect(types).toHaveLength(1)
})

test('a second subscription is announced with the ids of both', async () => {
  await using open = await openSubscribed()
  const seen: (readonly string[])[] = []
  open.stage.billing.on('second_subscription', ({ subscriptionIds }) => {
    seen.push(subscriptionIds)
  })
  const ids: string[] = []
  for (const _ of [1, 2]) {
    ids.push((await open.subscribe()).id)
    await open.stage.billing.sync(reference)
  }
  expect(seen.map((found) => [...found].toSorted())).toEqual([ids.toSorted()])
})

test('a name that there is not, or what is no function, is a TypeError', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  expect(() => billing.on('activate' as never, () => undefined)).toThrow(TypeError)
  expect(() => billing.on('activated', undefined as never)).toThrow(TypeError)
})
