import type { IoOptions } from '@yuzuru/concurrency'
import {
  expected,
  expectFunction,
  expectMilliseconds,
  expectOptions,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import type { Transaction } from 'kysely'
import { expectDatabase } from '../database/execute.ts'

/** What a step does; with a `tx` when it has a database. */
export type Work = (tx?: Transaction<unknown>) => unknown

/** What a step was given. */
export interface StepArguments {
  readonly db: Queryable<unknown> | undefined
  readonly work: Work
  readonly options: IoOptions
}

/** `fn, options?` or `db, fn, options?`. */
export function argumentsOf(rest: readonly unknown[]): StepArguments {
  const [first] = rest
  const hasDb = typeof first !== 'function'
  const [work, options = {}] = (hasDb ? rest.slice(1) : rest) as [Work, IoOptions?]
  expectOptions(options, IO_OPTIONS, 'step')
  if (!hasDb) {
    if (work.length === 0) return { db: undefined, work, options }
    throw expected('a database before a function that takes a tx', work)
  }
  const db = first as Queryable<unknown>
  expectDatabase(db)
  if ('isTransaction' in db && db.isTransaction) {
    throw new TypeError('Expected db to be a Kysely, got a Transaction: a step commits by itself')
  }
  expectFunction('fn', work)
  return { db, work, options }
}

const HUNDRED_YEARS_MS = 3_153_600_000_000

/** Throws unless a sleep may last until then. */
export function expectUntil(until: unknown): asserts until is number | Date {
  if (!(until instanceof Date)) expectMilliseconds('until', until, 0, HUNDRED_YEARS_MS)
  else if (Number.isNaN(until.getTime())) throw expected('until to be a valid Date', until)
}
