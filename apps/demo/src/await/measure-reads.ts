import { gather, sleep } from '@yuzuru/concurrency'
import { createDatabase, type Queryable, transaction } from '@yuzuru/db'
import { createHttp } from '@yuzuru/http'
import { sql } from 'kysely'
import type { Schema } from '../schema.ts'
import { measure, type Measured, type Note } from './measured.ts'

/** How long a read takes on the server, in seconds. */
const READ_SECONDS = 0.03

/** How many reads a page makes. */
export const READS = 3

/** A read that takes the database 30 ms. */
async function read(db: Queryable<Schema>): Promise<void> {
  await sql`select pg_sleep(${READ_SECONDS})`.execute(db)
}

/** An endpoint that needs several reads. */
export async function readTogether(
  db: Queryable<Schema>,
  note: Note = (io) => io(),
): Promise<void> {
  await gather(times(READS, () => note(() => read(db))))
}

/**
 * The measurements of three reads: one after the other, concurrently, and concurrently in one transaction,
 * which has one connection.
 */
export interface ReadFigures {
  readonly inSequence: Measured
  readonly together: Measured
  readonly inTransaction: Measured
}

export async function measureReads(db: Queryable<Schema>): Promise<ReadFigures> {
  // So that opening the connections is not measured.
  await readTogether(db)
  return {
    inSequence: await measure(async (note) => {
      for (const next of times(READS, () => note(() => read(db)))) await next()
    }),
    together: await measure((note) => readTogether(db, note)),
    inTransaction: await measure((note) => transaction(db, (tx) => readTogether(tx, note))),
  }
}

/**
 * The measurements of many calls of one read: one after the other; concurrently, with one connection for
 * ten calls, and with one for each.
 */
export interface CallerFigures {
  readonly inSequence: Measured
  readonly smallPool: Measured
  readonly fittingPool: Measured
}

/** How many connections the small pool has. */
export function smallPoolFor(callers: number): number {
  return Math.ceil(callers / 10)
}

export async function measureCallers(url: string, callers: number): Promise<CallerFigures> {
  return {
    inSequence: await measureInSequence(url, callers),
    smallPool: await measureCallersOf(url, callers, smallPoolFor(callers)),
    fittingPool: await measureCallersOf(url, callers, callers),
  }
}

async function measureInSequence(url: string, calls: number): Promise<Measured> {
  await using db = createDatabase<Schema>({ url, connections: 1 })
  await read(db)
  return await measure(async (note) => {
    for (const next of times(calls, () => note(() => read(db)))) await next()
  })
}

/** Measures pages of the app at once, over HTTP. This process is both client and server. */
export async function measurePages(origin: string, pages: number): Promise<Measured> {
  await using http = createHttp({ origin, connections: pages, queue: pages })
  const page = async (): Promise<void> => {
    await (await http.request('/')).text()
  }
  await page()
  return await measure((note) => gather(times(pages, () => note(page))))
}

async function measureCallersOf(
  url: string,
  callers: number,
  connections: number,
): Promise<Measured> {
  await using db = createDatabase<Schema>({ url, connections, queue: callers })
  const all = (note: Note): Promise<unknown> => gather(times(callers, () => note(() => read(db))))
  await all((io) => io())
  return await measure(all)
}

/** Measures a hundred waits of one second. */
export function measureWaits(): Promise<Measured> {
  return measure((note) => gather(times(100, () => note(() => sleep(1_000)))))
}

function times<T>(count: number, work: () => Promise<T>): (() => Promise<T>)[] {
  return Array.from({ length: count }, () => work)
}
