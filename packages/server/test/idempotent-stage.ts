import { io, IoError } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import type { Transaction } from 'kysely'
import { onTestFinished } from 'vitest'
import type { IdempotencyStore } from '../src/idempotency/idempotency-store.ts'
import type { IdempotentOptions } from '../src/idempotency/idempotent-options.ts'
import { kyselyIdempotencyStore } from '../src/idempotency/kysely-idempotency-store.ts'
import { memoryIdempotencyStore, type MemoryTransaction } from '../src/testing.ts'
import { countEffects, openDatabase, type TestSchema, yuzuruDatabase } from './database.ts'

/** A store, and an effect that takes part in its transactions. */
export interface IdempotentStage<Tx> extends AsyncDisposable {
  readonly store: IdempotencyStore<Tx>
  /** Has the effect in `tx`. */
  readonly act: (tx: Tx) => Promise<unknown>
  /** How often it has been had. */
  readonly count: () => Promise<number>
}

export async function memoryStage(): Promise<IdempotentStage<MemoryTransaction>> {
  let count = 0
  return {
    store: memoryIdempotencyStore(),
    act: async (tx) => tx.onCommit(() => (count += 1)),
    count: async () => count,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

type OnPostgres = IdempotentStage<Transaction<TestSchema>>

export async function kyselyStage(): Promise<OnPostgres> {
  const database = await openDatabase()
  return {
    store: kyselyIdempotencyStore(database.db),
    act: insertEffect,
    count: () => countEffects(database.db),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

async function yuzuruStage(): Promise<OnPostgres> {
  const database = await openDatabase()
  const db = yuzuruDatabase(database.url)
  return {
    store: kyselyIdempotencyStore(db, { transaction: (fn) => transaction(db, fn) }),
    act: insertEffect,
    count: () => countEffects(database.db),
    async [Symbol.asyncDispose]() {
      await db.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function insertEffect(tx: Transaction<TestSchema>): Promise<unknown> {
  return await tx.insertInto('effects').values({ name: 'effect' }).execute()
}

/** A POST with a key; without a body if it is `null`. */
export function post(
  key: string | undefined,
  body: string | null = '{}',
  headers: Record<string, string> = {},
): Request {
  return new Request('http://service.example/approvals?plan=1', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
  })
}

type Open = () => Promise<IdempotentStage<never>>

/** Each kind of store, by name. */
export const STAGES: Readonly<Record<string, Open>> = {
  'in memory': memoryStage as unknown as Open,
  'on Kysely': kyselyStage as unknown as Open,
  'on @yuzuru/db': yuzuruStage as unknown as Open,
}

/** The methods of a store, each on its own. */
export function callsOf<Tx>(store: IdempotencyStore<Tx>): IdempotencyStore<Tx> {
  return {
    claim: (request) => store.claim(request),
    renew: (...rest) => store.renew(...rest),
    transaction: (fn) => store.transaction(fn),
    finish: (...rest) => store.finish(...rest),
    release: (...rest) => store.release(...rest),
    prune: (limit) => store.prune(limit),
  }
}

/** The status, the text, and whether it is a repeat's. */
export async function summaryOf(response: Response): Promise<unknown[]> {
  return [response.status, await response.text(), response.headers.get('idempotent-replayed')]
}

/** A problem's members. */
export async function problemIn(response: Response): Promise<unknown> {
  return { status: response.status, ...((await response.json()) as object) }
}

export function refusal(outcome: 'none' | 'unknown'): IoError {
  return new IoError('the bank said no', {
    boundary: 'bank',
    operation: 'pay',
    code: 'unavailable',
    retryable: true,
    outcome,
  })
}

/** Has an effect outside, as a client of this house has it. */
export async function actOutside(): Promise<string> {
  return await io({ boundary: 'bank', operation: 'pay', effect: 'write' }, {}, async () => 'paid')
}

/** A stage that ends with its test, and the options of `idempotent` on it. */
export async function openStage(
  open: Open,
  options: Partial<IdempotentOptions<never>>,
): Promise<IdempotentStage<never> & { readonly options: IdempotentOptions<never> }> {
  const it = await open()
  onTestFinished(() => it[Symbol.asyncDispose]())
  return { ...it, options: { store: it.store, caller: () => 'office-1', ...options } }
}
