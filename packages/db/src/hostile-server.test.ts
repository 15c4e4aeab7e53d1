import { cancelScope, IoError } from '@yuzuru/concurrency'
import {
  cancelWhenQuiet,
  type Dice,
  dialogueRuns,
  expectHonest,
  runDialogues,
  within,
} from '@yuzuru/tooling/dialogues'
import { sql } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HostilePostgres } from '../test/hostile-postgres.ts'
import { twistOf } from '../test/twists.ts'
import { copyIn } from './copy/copy-in.ts'
import { copyOut } from './copy/copy-out.ts'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { listen } from './listen/listen.ts'
import { transaction } from './transactions/transaction.ts'
import { DbError } from './wire/db-error.ts'

const RUNS = dialogueRuns(200)

interface Schema {
  t: { x: number; y: string }
}

type Use = (db: Database<Schema>) => Promise<unknown>

const insert: Use = (db) => db.insertInto('t').values({ x: 1, y: 'one' }).execute()
const select: Use = (db) => db.selectFrom('t').selectAll().execute()

const USES: readonly Use[] = [
  select,
  insert,
  (db) => sql`insert into t values (1)`.execute(db),
  (db) => transaction(db, (tx) => tx.insertInto('t').values({ x: 1, y: '' }).execute()),
  async function pipelinedReads(db) {
    for (let times = 0; times < 4; times += 1) {
      await select(db)
      await setImmediate()
    }
  },
  async function stream(db) {
    for await (const _ of db.selectFrom('t').selectAll().stream(1)) break
  },
  (db) => copyIn(db, { table: 't', columns: ['x', 'y'] }, [[1, 'one']]),
  async function copy(db) {
    for await (const _ of copyOut(db, 't'));
  },
  async function hear(db) {
    let heard = 0
    const onListening = (): void => server.onQuiet()
    for await (const _ of listen(db, 'plans', { onListening })) if ((heard += 1) === 3) break
  },
]

let server: HostilePostgres

beforeAll(async () => {
  server = await new HostilePostgres().listen()
})
afterEach(() => server.calmDown())
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

function connect(): Database<Schema> {
  return createDatabase<Schema>({
    url: server.url,
    reads: 'pipelined',
    maxAnswerBytes: 65_536,
    cancelTimeoutMs: 60,
    commitTimeoutMs: 60,
    connectTimeoutMs: 500,
  })
}

/** What came of a use that is cancelled as soon as the server has nothing more to say. */
async function failureOf(use: Use, db: Database<Schema>): Promise<unknown> {
  try {
    await cancelScope((scope) => {
      cancelWhenQuiet(server, scope, 30)
      return use(db)
    })
    return undefined
  } catch (error) {
    return error
  }
}

function expectHonestOf(error: unknown): void {
  const isRefusal = DbError.isInstance(error) && error.sqlState !== undefined
  expectHonest(error, (one) => IoError.isInstance(one), server.hasWrite && !isRefusal)
}

/** A connection that the server still closes may fail one call, but no more than there were. */
async function healed(db: Database<Schema>): Promise<void> {
  for (let left = 3; ; left -= 1) {
    try {
      await select(db)
      await insert(db)
      return
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

/** A use against the server, and more when it has come to its senses. */
async function dialogue(dice: Dice): Promise<string> {
  const use = dice.pick(USES)
  server.twist = twistOf(dice)
  server.hasWrite = false
  const db = connect()
  // What has begun to clean up has 5 s of its own.
  const error = await within(30_000, failureOf(use, db))
  expectHonestOf(error)
  server.calmDown()
  await within(30_000, healed(db))
  await within(30_000, db.close())
  await within(30_000, server.deserted())
  return DbError.isInstance(error) ? error.code : ((error as Error | undefined)?.name ?? 'well')
}

describe('a hostile server', () => {
  const title = 'gets typed errors, true outcomes and short words, and the pool heals'
  test(title, RUNS, async () => {
    const ends = await runDialogues(RUNS, dialogue)
    // It is a test of something only as long as much of it goes wrong.
    expect(ends.get('protocol_violation')).toBeGreaterThan(RUNS.runs / 20)
  })
})
