import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { EventRecord } from './stores/account-record.ts'
import type { BillingStore } from './stores/billing-store.ts'
import { openDatabase } from '../test/database.ts'
import { kyselyBillingStore } from './stores/kysely-store.ts'

const DROP = 'drop table canary; create table harmed ()'
const HOSTILE: readonly string[] = [
  `1; ${DROP}; --`,
  `'; ${DROP}; --`,
  `"; ${DROP}; --`,
  `\\'; ${DROP}; --`,
  `'); ${DROP}; --`,
  `x\0; ${DROP}; --`,
  '',
  'x'.repeat(600),
]

/** Texts go where a type says otherwise: as they come from a request in JavaScript. */
function unchecked(value: unknown): never {
  return value as never
}

const intent = { idempotencyKey: 'key', parameters: 'p', startedAt: 1 }

const mark = (store: BillingStore, event: EventRecord): unknown =>
  store.writeFetch({
    number: 1,
    now: 1,
    trialEndsAt: undefined,
    reference: undefined,
    event,
    subscriptions: [],
  })

const WAYS: Record<string, (store: BillingStore, text: string) => unknown> = {
  'a reference': (store, text) => store.findCustomer(text),
  'an intent': (store, text) =>
    store.beginCustomer(text, { idempotencyKey: text, parameters: text, startedAt: 1 }),
  'when an intent was started': (store, text) =>
    store.beginCustomer('a', { ...intent, startedAt: unchecked(text) }),
  'an intent in place of another': (store, text) =>
    store.replaceIntent(text, text, { ...intent, parameters: text }),
  'a customer': (store, text) => store.settleCustomer(text, text),
  'an event': (store, text) => mark(store, { id: text, type: text, createdAt: 1 }),
  'when an event was made': (store, text) =>
    mark(store, { id: 'e', type: 't', createdAt: unchecked(text) }),
  'an account': (store, text) =>
    store.openAccount(text, { now: unchecked(text), trialEndsAt: unchecked(text) }),
  'an event before a fetch': (store, text) => store.drawFetch(text),
  'a fetched subscription': (store, text) =>
    store.writeFetch({
      number: 1,
      now: 1,
      trialEndsAt: undefined,
      reference: undefined,
      event: { id: text, type: text, createdAt: 1 },
      subscriptions: [
        {
          id: text,
          customerId: text,
          namedReference: text,
          status: text,
          paused: false,
          items: [],
          createdAt: 1,
          periodEndsAt: undefined,
          trialEndsAt: undefined,
          endsAt: undefined,
        },
      ],
    }),
  'a customer in place of another': (store, text) => store.replaceCustomer(text, text, text),
  'a checkout': (store, text) =>
    store.beginCheckout(text, {
      idempotencyKey: text,
      asked: text,
      parameters: text,
      startedAt: 1,
    }),
  'the age of events': (store, text) => store.pruneEvents(unchecked(text)),
}

describe('hostile text in the Kysely store', () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`is a value and nothing else: ${name}`, async () => {
      await using database = await openDatabase()
      const { db } = database
      await sql`create table canary ()`.execute(db)
      const store = kyselyBillingStore(db) as BillingStore
      for (const text of HOSTILE) {
        try {
          await way(store, text)
        } catch (error) {
          // The server refuses it as a value (classes 22 and 23), never as text that is no SQL.
          expect(error).toMatchObject({ code: expect.stringMatching(/^2[23]/) })
        }
        const { rows } = await sql`
          select to_regclass('canary') is not null as canary,
            to_regclass('harmed') is not null as harmed`.execute(db)
        expect(rows).toEqual([{ canary: true, harmed: false }])
      }
    })
  }
})
