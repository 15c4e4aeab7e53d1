import { Cancelled } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../test/database.ts'
import { failureOf } from '../test/failure-of.ts'
import { makePrice } from '../test/price.ts'
import { type Step, steppedStore, steppedStripe } from '../test/stepped.ts'
import { openSubscribed, reference, type Subscribed } from '../test/subscribed.ts'
import { type Verb, type VerbOf, VERBS } from '../test/verbs.ts'
import { createBilling } from './create-billing.ts'
import { kyselyBillingStore } from './stores/kysely-store.ts'

const BOUND_MS = 50
/** How long what Stripe has done may take to be noted. */
const NOTE_MS = 10_000

const left = new Error('the person has left')

/** What a verb is called for, where it has all its steps. */
async function prepare<Tx>(name: string, open: Subscribed<Tx>): Promise<VerbOf> {
  const { customer, stage } = open
  const { webhookSecret } = stage.server
  const { id } = await open.subscribe({ cancel_at_period_end: name === 'resume' })
  if (name === 'retryPayment') await stage.server.failPayment(id)
  const event = open.events().find(({ data }) => data.object['id'] === id) ?? {}
  const { id: price } = await makePrice(stage.billing, 4_980)
  return { reference, price, customer, event, webhookSecret }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const waiting = Symbol('waiting')
  const turn = new Promise((done) => setImmediate(done, waiting))
  return (await Promise.race([promise, turn])) !== waiting
}

/** How a call ends once it is aborted. @returns whether within the bound; else it was noting what Stripe has done */
async function abortNow(
  controller: AbortController,
  ending: Promise<unknown>,
  clock: TestClock,
): Promise<boolean> {
  controller.abort(left)
  await clock.advance(BOUND_MS)
  const isSoon = await isSettled(ending)
  if (!isSoon) await clock.advance(NOTE_MS)
  expect(await isSettled(ending)).toBe(true)
  const error = await ending
  expect(error).toBeInstanceOf(Cancelled)
  expect(error).toMatchObject({ source: 'signal', cause: left })
  return isSoon
}

/**
 * Calls a verb whose step `at`, a call of the store or of Stripe, never ends, and aborts it there.
 *
 * @returns whether it ended within the bound; `undefined` when it has fewer steps
 */
async function abortAt(name: string, verb: Verb, at: number): Promise<boolean | undefined> {
  await using open = await openSubscribed()
  const { server, store } = open.stage
  const of = await prepare(name, open)
  using clock = TestClock.install()
  const stuck = Promise.withResolvers<'stuck'>()
  let steps = 0
  const step: Step = (work) => {
    steps += 1
    if (steps !== at) return work()
    stuck.resolve('stuck')
    return new Promise<never>(() => undefined)
  }
  const billing = createBilling({
    client: steppedStripe(server, step),
    store: steppedStore(store, step),
    webhookSecret: server.webhookSecret,
  })
  const controller = new AbortController()
  const { signal } = controller
  const ending = failureOf(verb(billing, of, { signal }))
  const isStuck = (await Promise.race([stuck.promise, ending.catch(() => 'done')])) === 'stuck'
  return isStuck ? await abortNow(controller, ending, clock) : undefined
}

/** How many steps of a verb note what Stripe has just made, or changed: those alone may take 10 s more. */
const NOTES: Readonly<Record<string, number>> = {
  ensureCustomer: 1,
  checkout: 2,
  changePlan: 2,
  setQuantity: 2,
  cancel: 2,
  resume: 2,
}

describe('where one step never ends', () => {
  test.each(Object.entries(VERBS))(
    '%s ends within 50 ms of an abort, with its reason',
    async (name, verb) => {
      const notes: number[] = []
      let steps = 0
      for (;;) {
        const isSoon = await abortAt(name, verb, steps + 1)
        if (isSoon === undefined) break
        steps += 1
        if (!isSoon) notes.push(steps)
      }
      expect(steps).toBeGreaterThan(0)
      expect(notes).toHaveLength(NOTES[name] ?? 0)
    },
  )
})

/** Resolves when a statement waits for the lock of another. */
async function someoneWaits({ db }: Awaited<ReturnType<typeof openDatabase>>): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      select from pg_locks where not granted and relation in
        (select oid from pg_class where relnamespace = current_schema()::regnamespace)`.execute(db)
    if (rows.length > 0) return
  }
}

describe('where another transaction has locked all tables of a plain Kysely', () => {
  test.each(Object.entries(VERBS))(
    '%s ends within 50 ms of an abort, with its reason',
    async (name, verb) => {
      await using database = await openDatabase()
      const store = kyselyBillingStore(database.db)
      await using open = await openSubscribed({ store })
      const of = await prepare(name, open)
      using clock = TestClock.install()
      const controller = new AbortController()
      const { signal } = controller
      const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables
      where schemaname = current_schema()`.execute(database.db)
      await database.db.transaction().execute(async (tx) => {
        const tables = sql.join(rows.map(({ name }) => sql.table(name)))
        await sql`lock table ${tables} in access exclusive mode`.execute(tx)
        const ending = failureOf(verb(open.stage.billing, of, { signal }))
        await someoneWaits(database)
        expect(await abortNow(controller, ending, clock)).toBe(true)
      })
    },
  )
})
