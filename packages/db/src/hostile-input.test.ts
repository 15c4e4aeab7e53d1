import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { type Kysely, sql, type Transaction } from 'kysely'
import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commitOutcome } from './transactions/commit-outcome.ts'
import { copyIn } from './copy/copy-in.ts'
import { copyOut } from './copy/copy-out.ts'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { DbError } from './wire/db-error.ts'
import { encryption } from './encryption/encryption.ts'
import { health } from './statements/health.ts'
import { listen } from './listen/listen.ts'
import { migrate } from './migrations/migrate.ts'
import { paginate } from './rows/paginate.ts'
import { withMany } from './rows/related.ts'
import { repository } from './rows/repository.ts'
import { rotate } from './encryption/rotate.ts'
import { stream } from './rows/stream.ts'
import { tableOf } from './statements/table.ts'
import { transaction } from './transactions/transaction.ts'

interface Schema {
  plans: { id: number; title: string | null; version: number; phone: string | null }
  canary: { alive: boolean }
}

/** Texts that do harm wherever they stand as SQL: `canary` is gone, or `harmed` is there. */
const DROP = 'drop table canary; create table harmed ()'
const HOSTILE: readonly string[] = [
  `1; ${DROP}; --`,
  `1 from x; ${DROP}; --`,
  `'; ${DROP}; --`,
  `"; ${DROP}; --`,
  `\\'; ${DROP}; --`,
  `id"; ${DROP}; --`,
  `); ${DROP}; --`,
  `'); ${DROP}; --`,
  `plans"; commit; ${DROP}; --`,
  `read only; ${DROP}; --`,
  `serializable; ${DROP}`,
  `x\0; ${DROP}; --`,
  `\0`,
  `id desc; ${DROP}`,
  `$1; ${DROP}`,
  `/*; ${DROP}`,
  '',
  'x'.repeat(300),
]

/** Texts go where a type says otherwise: as they come from a request in JavaScript. */
function unchecked(value: unknown): never {
  return value as never
}

type Way = (db: Database<Schema>, text: string) => unknown
type Tx = Transaction<Schema>

const plans = (on: Kysely<Schema>) => on.selectFrom('plans').selectAll()
const rows = { table: 'plans', columns: ['id', 'title'] } as const
const drain = async (source: AsyncIterable<unknown>): Promise<void> => {
  for await (const _row of source);
}
const inTransaction = (options: Record<string, unknown>): Way => {
  const [name = ''] = Object.keys(options)
  return (db, text) => transaction(db, (tx) => plans(tx).execute(), { ...options, [name]: text })
}
const table = tableOf<Schema>()('plans', { version: 'version' })
const texts = encryption({ keys: { k1: randomBytes(32).toString('base64') }, current: 'k1' })
const named = (db: Database<Schema>, options: object) => {
  const { name = 'plans', ...roles } = options as { name?: 'plans' }
  return repository(tableOf<Schema>()(name, roles)).list(db)
}

/** What takes a count, a number of milliseconds or one of a few words: no text is one. */
const REFUSED: Record<string, Way> = {
  "Kysely's stream(n)": (db, text) => drain(plans(db).stream(unchecked(text))),
  "Kysely's stream(n) in a transaction": (db, text) =>
    transaction(db, (tx) => drain(plans(tx).stream(unchecked(text)))),
  'stream batchSize': (db, text) => drain(stream(plans(db), { batchSize: unchecked(text) })),
  isolation: inTransaction({ isolation: '' }),
  attempts: inTransaction({ attempts: '' }),
  statementTimeoutMs: inTransaction({ statementTimeoutMs: '' }),
  lockTimeoutMs: inTransaction({ lockTimeoutMs: '' }),
  timeoutMs: inTransaction({ timeoutMs: '' }),
  'COPY format in': (db, text) => copyIn(db, { table: 'plans', format: unchecked(text) }, ['1']),
  'COPY format out': (db, text) => drain(copyOut(db, 'plans', { format: unchecked(text) })),
  'COPY header': (db, text) =>
    drain(copyOut(db, 'plans', { format: 'csv', header: unchecked(text) })),
  'paginate size': (db, text) =>
    paginate(plans(db), { by: [{ column: 'id' }], size: unchecked(text) }),
  'paginate after': (db, text) =>
    paginate(plans(db), { by: [{ column: 'id' }], size: 1, after: text }),
  'rotate batchSize': (db, text) =>
    rotate(db, texts.encryptedText('plans', 'phone'), { batchSize: unchecked(text) }),
  'health timeoutMs': (db, text) => health(db, { timeoutMs: unchecked(text) }),
  'migrate timeoutMs': (db, text) => migrate(db, {}, { timeoutMs: unchecked(text) }),
  'the level of a transaction of Kysely': (db, text) =>
    db
      .transaction()
      .setIsolationLevel(unchecked(text || 'chaos'))
      .execute(async () => 1),
  'the mode of a transaction of Kysely': (db, text) =>
    db
      .transaction()
      .setAccessMode(unchecked(text || 'chaos'))
      .execute(async () => 1),
}

/** What takes names and values: they are quoted, or parameters, or refused. */
const QUOTED: Record<string, Way> = {
  readOnly: inTransaction({ readOnly: '' }),
  deferrable: inTransaction({ deferrable: '' }),
  'COPY table in': (db, text) => copyIn(db, unchecked({ ...rows, table: text }), [[1, 'a']]),
  'COPY columns': (db, text) =>
    copyIn(db, unchecked({ table: 'plans', columns: ['id', text] }), [[1, 'a']]),
  'COPY delimiter': (db, text) =>
    copyIn(db, { table: 'plans', format: 'csv', delimiter: text }, ['1']),
  'COPY nullText': (db, text) => drain(copyOut(db, 'plans', { format: 'csv', nullText: text })),
  'COPY table out': (db, text) => drain(copyOut(db, unchecked(text))),
  'COPY of a query with a value': (db, text) =>
    drain(copyOut(db, plans(db).where('title', '=', text))),
  'a value of a row in COPY': (db, text) => copyIn(db, rows, [[2, text]]),
  'a savepoint of Kysely': async (db, text) => {
    const trx = await db.startTransaction().execute()
    try {
      const inside = await trx.savepoint(text).execute()
      await inside.rollbackToSavepoint(unchecked(text)).execute()
      await inside.releaseSavepoint(unchecked(text)).execute()
    } finally {
      await trx.rollback().execute()
    }
  },
  'the name of a table': (db, text) => named(db, { name: text }),
  'the id column': (db, text) => named(db, { id: text }),
  'the version column': (db, text) =>
    repository(tableOf<Schema>()('plans', { version: text as 'version' })).update(
      db,
      1,
      { title: 'b' },
      { version: 1 },
    ),
  'an id': (db, text) => repository(table).find(db, unchecked(text)),
  'list where column': (db, text) => repository(table).list(db, { where: { [text]: 1 } }),
  'list where value': (db, text) => repository(table).list(db, { where: { title: text } }),
  'list orderBy': (db, text) => repository(table).list(db, { orderBy: [unchecked(text)] }),
  'list limit': (db, text) => repository(table).list(db, { limit: unchecked(text) }),
  'create column': (db, text) => repository(table).create(db, unchecked({ id: 9, [text]: 1 })),
  'createMany columns': (db, text) =>
    repository(table).createMany(db, unchecked([{ id: 8 }, { id: 9, [text]: 1 }])),
  'upsert conflict': (db, text) =>
    repository(table).upsert(db, { id: 1, title: 'a', version: 1, phone: null }, [unchecked(text)]),
  'withMany from': (db, text) =>
    withMany(db, [{ [text]: 1 }], 'same', { table, from: text, to: 'id' }),
  'withMany to': (db, text) =>
    withMany(db, [{ id: 1 }], 'same', { table, from: 'id', to: unchecked(text) }),
  'withMany key': (db, text) =>
    withMany(db, [{ title: text }], 'same', { table, from: 'title', to: 'title' }),
  'paginate column': (db, text) =>
    paginate(plans(db), { by: [{ column: unchecked(text) }], size: 1 }),
  'paginate direction': (db, text) =>
    paginate(plans(db), { by: [{ column: 'id', direction: unchecked(text) }], size: 1 }),
  'paginate nulls': (db, text) =>
    paginate(plans(db), { by: [{ column: 'id', nulls: unchecked(text) }], size: 1 }),
  'rotate id': (db, text) => rotate(db, texts.encryptedText('plans', 'phone'), { id: text }),
  'rotate index': (db, text) => rotate(db, texts.encryptedText('plans', 'phone'), { index: text }),
  'rotate table': (db, text) => rotate(db, texts.encryptedText(text, 'phone')),
  'rotate column': (db, text) => rotate(db, texts.encryptedText('plans', text)),
  'the name of a migration': (db, text) =>
    transaction(db, async (tx: Tx) => {
      await migrate(tx, { [text]: { up: async () => undefined } })
      throw new Error('undone')
    }),
  'a transaction id': (db, text) =>
    commitOutcome(
      db,
      new DbError('lost', {
        operation: 'commit',
        code: 'commit_unknown',
        outcome: 'unknown',
        transactionId: text,
      }),
    ),
  'a channel': async (db, text) => {
    const heard = listen(db, text, { onListening: () => void db.executeQuery(told.compile(db)) })
    const told = sql`select pg_notify(${text}, 'here')`
    expect((await heard.next()).value).toMatchObject({ channel: text, payload: 'here' })
    await heard.return()
  },
}

/** What is said at the start of a connection. */
const STARTUP: Record<string, (text: string, url: URL) => object> = {
  applicationName: (text, url) => ({ url: url.href, applicationName: text }),
  url: (text) => ({ url: text }),
  'url user': (text, url) => ({ url: with_(url, { username: encodeURIComponent(text) }) }),
  'url database': (text, url) => ({ url: with_(url, { pathname: encodeURIComponent(text) }) }),
  'url parameter': (text, url) => ({
    url: with_(url, { search: `application_name=${encodeURIComponent(text)}` }),
  }),
  'url options': (text, url) => ({
    url: with_(url, { search: `options=${encodeURIComponent(`-c search_path=${text}`)}` }),
  }),
  user: (text, { hostname, port }) => ({
    host: hostname,
    port: Number(port),
    user: text,
    password,
  }),
  database: (text, { hostname, port, username }) => ({
    host: hostname,
    port: Number(port),
    database: text,
    user: username,
    password,
  }),
  password: (text, { hostname, port, username }) => ({
    host: hostname,
    port: Number(port),
    user: username,
    password: text,
  }),
  port: (text, url) => ({ url: url.href, port: text }),
  connections: (text, url) => ({ url: url.href, connections: text }),
  idleTimeoutMs: (text, url) => ({ url: url.href, idleTimeoutMs: text }),
  readConnections: (text, url) => ({ url: url.href, readConnections: text }),
  commitTimeoutMs: (text, url) => ({ url: url.href, commitTimeoutMs: text }),
}

const password = 'none'

function with_(url: URL, parts: Partial<URL>): string {
  return Object.assign(new URL(url), parts).href
}

let postgres: PostgresServer
let url: string
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase()
  db = createDatabase<Schema>({ url, connections: 2 })
})

beforeEach(async () => {
  await sql`
    drop table if exists plans, canary, harmed;
    create table canary (alive boolean);
    create table plans (id int primary key, title text, version int default 1, phone text);
    insert into plans values (1, 'a');
  `.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

async function assertUnharmed(): Promise<void> {
  const { rows } = await sql<{ canary: boolean; harmed: boolean }>`
    select to_regclass('canary') is not null as canary,
      to_regclass('harmed') is not null as harmed`.execute(db)
  expect(rows).toEqual([{ canary: true, harmed: false }])
}

/** What went wrong, if it did. A syntax error is text that was read as SQL: only luck was in the way. */
async function failureOf(way: () => unknown): Promise<unknown> {
  try {
    await way()
    return undefined
  } catch (error) {
    const empty = error instanceof Error && error.message.startsWith('zero-length delimited')
    if (!empty) expect(error).not.toMatchObject({ code: 'syntax_error' })
    expect(error).not.toMatchObject({ retryable: true })
    return error
  }
}

describe('hostile text', () => {
  for (const [name, way] of Object.entries(REFUSED)) {
    test(`is refused before any I/O: ${name}`, async () => {
      const started: unknown[] = []
      const note = (event: unknown): void => void started.push(event)
      for (const text of HOSTILE) {
        subscribe('tracing:yuzuru:io:start', note)
        const error = await failureOf(() => way(db, text))
        unsubscribe('tracing:yuzuru:io:start', note)
        expect(error).toMatchObject({ message: expect.stringMatching(/^(Expected |invalid )/) })
      }
      expect(started).toEqual([])
      await assertUnharmed()
    })
  }

  for (const [name, way] of Object.entries(QUOTED)) {
    test(`is a name or a value and nothing else: ${name}`, async () => {
      for (const text of HOSTILE) {
        await failureOf(() => way(db, text))
        await assertUnharmed()
      }
      expect((await health(db)).pool.used).toBe(0)
    })
  }

  for (const [name, options] of Object.entries(STARTUP)) {
    test(`says nothing else at the start of a connection: ${name}`, async () => {
      for (const text of HOSTILE) {
        await failureOf(async () => {
          await using other = createDatabase<Schema>(unchecked(options(text, new URL(url))))
          const { rows } = await sql<{ options: string }>`
            select current_setting('log_statement') as options`.execute(other)
          expect(rows).toEqual([{ options: 'none' }])
        })
      }
      // What follows a zero byte would be further parameters.
      const text = 'x\0options\0-c log_statement=all'
      expect(() => createDatabase(unchecked(options(text, new URL(url))))).toThrow(/^Expected /)
      await assertUnharmed()
    })
  }
})
