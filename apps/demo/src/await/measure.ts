import { gather, sleep } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** How long the read takes on the server, in seconds. */
const READ_SECONDS = 0.03

/** A read that the database needs 30 ms for. */
async function slowRead(db: Kysely<Schema>): Promise<void> {
  await sql`select pg_sleep(${READ_SECONDS})`.execute(db)
}

/** What an endpoint does that needs two reads. */
export async function readBoth(db: Kysely<Schema>): Promise<void> {
  await gather([() => slowRead(db), () => slowRead(db)])
}

/** Milliseconds, each measured once, now. */
export interface AwaitFigures {
  readonly oneAfterTheOther: number
  readonly together: number
  /** A hundred times {@link readBoth} at once. */
  readonly hundredAtOnce: number
  readonly hundredOneSecondWaits: number
}

/** Measures what it costs to await one thing after the other, and what it does not cost to wait. */
export async function measureAwait(db: Kysely<Schema>): Promise<AwaitFigures> {
  // The first use of each connection would be measured with it otherwise.
  await hundred(() => readBoth(db))
  return {
    oneAfterTheOther: await timed(async () => {
      await slowRead(db)
      await slowRead(db)
    }),
    together: await timed(() => readBoth(db)),
    hundredAtOnce: await timed(() => hundred(() => readBoth(db))),
    hundredOneSecondWaits: await timed(() => hundred(() => sleep(1_000))),
  }
}

/** How long `work` takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function hundred(work: () => Promise<void>): Promise<void> {
  await gather(Array.from({ length: 100 }, () => work))
}
