import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  CamelCasePlugin,
  DeduplicateJoinsPlugin,
  type IdentifierNode,
  type Kysely,
  type KyselyPlugin,
  OperationNodeTransformer,
  ParseJSONResultsPlugin,
  sql,
  type UnknownRow,
  WithSchemaPlugin,
} from 'kysely'
import { copyIn } from '../copy/copy-in.ts'
import { copyOut } from '../copy/copy-out.ts'
import type { Database } from '../database.ts'
import { declareReads } from '../statements/declare-reads.ts'
import { encryption } from '../encryption/encryption.ts'
import { health } from '../statements/health.ts'
import { json } from '../wire/parameter.ts'
import { paginate } from '../rows/paginate.ts'
import type { Queryable } from '../statements/queryable.ts'
import { withMany, withOne } from '../rows/related.ts'
import { repository } from '../rows/repository.ts'
import { rotate } from '../encryption/rotate.ts'
import { stream } from '../rows/stream.ts'
import { type AnySchema, tableOf } from '../statements/table.ts'
import { transaction } from '../transactions/transaction.ts'
import { withRollback } from './with-rollback.ts'

const SCHEMA = 'yuzuru_exercise_schema'

/** A plugin, and the name that code gives to a column or table under it. */
interface Tried {
  readonly plugins: readonly KyselyPlugin[]
  readonly nameOf?: (name: string) => string
  /** The schema that the table is in. */
  readonly schema?: string
}

/** One of one's own: names in capitals, rows that cannot be changed and have no prototype. */
class CapitalsPlugin implements KyselyPlugin {
  readonly #names = new (class extends OperationNodeTransformer {
    protected override transformIdentifier(node: IdentifierNode): IdentifierNode {
      return { ...node, name: node.name.toLowerCase() }
    }
  })()

  transformQuery: KyselyPlugin['transformQuery'] = ({ node, queryId }) =>
    this.#names.transformNode(node, queryId)

  transformResult: KyselyPlugin['transformResult'] = async ({ result }) => {
    const capitals = (row: UnknownRow): UnknownRow => {
      const named = Object.entries(row).map(([name, value]) => [name.toUpperCase(), value])
      return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(named)))
    }
    return { ...result, rows: result.rows.map(capitals) }
  }
}

const tried: Readonly<Record<string, Tried>> = {
  CamelCasePlugin: { plugins: [new CamelCasePlugin()], nameOf: camelCase },
  'CamelCasePlugin with an underscore before digits': {
    plugins: [new CamelCasePlugin({ underscoreBeforeDigits: true })],
    nameOf: camelCase,
  },
  WithSchemaPlugin: { plugins: [new WithSchemaPlugin(SCHEMA)], schema: SCHEMA },
  DeduplicateJoinsPlugin: { plugins: [new DeduplicateJoinsPlugin()] },
  ParseJSONResultsPlugin: { plugins: [new ParseJSONResultsPlugin()] },
  'a plugin of one’s own': {
    plugins: [new CapitalsPlugin()],
    nameOf: (name) => name.toUpperCase(),
  },
  'three plugins at once': {
    plugins: [
      new WithSchemaPlugin(SCHEMA),
      new CamelCasePlugin(),
      new ParseJSONResultsPlugin({ objectStrategy: 'create' }),
    ],
    nameOf: camelCase,
    schema: SCHEMA,
  },
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** A case for each of Kysely's plugins: all verbs run under it, and find the names that it gives. */
export const pluginCases: Readonly<Record<string, (db: Database<never>) => Promise<void>>> =
  Object.fromEntries(
    Object.entries(tried).map(([name, each]) => [
      `every verb runs under ${name}`,
      (db: Database<never>) => exercise(db as unknown as Database<AnySchema>, each),
    ]),
  )

const TABLE = 'yuzuru_exercise_notes'

async function exercise(plain: Database<AnySchema>, { plugins, nameOf, schema }: Tried) {
  const bare = plain.withoutPlugins()
  if (schema !== undefined) await sql`create schema if not exists ${sql.id(schema)}`.execute(bare)
  const home = sql.id(...(schema === undefined ? [] : [schema]), TABLE)
  // Where a schema is meant, the table that a forgotten schema would find stays as it is.
  const decoy = sql.id('public', TABLE)
  for (const table of new Set([home, ...(schema === undefined ? [] : [decoy])])) {
    await sql`drop table if exists ${table}`.execute(bare)
    await sql`create table ${table} (note_id int primary key, row_version int not null default 0,
      thread_id int, due_at timestamptz, note_label text, sealed_text text, blind_text text,
      body_json jsonb)`.execute(bare)
  }
  let db: Kysely<AnySchema> = bare
  for (const plugin of plugins) db = db.withPlugin(plugin)
  const n = nameOf ?? ((name: string) => name)
  await rowVerbs(db, n)
  await bulkVerbs(db, n)
  await pageVerbs(db, n)
  await sealedVerbs(db, n)
  await otherVerbs(db, n)
  if (schema !== undefined) {
    const { rows } = await sql`select from ${decoy}`.execute(bare)
    assert.equal(rows.length, 0)
    await sql`drop table ${decoy}`.execute(bare)
  }
  await sql`drop table ${home}`.execute(bare)
}

type Name = (name: string) => string

function notesOf(n: Name) {
  const options = { id: n('note_id'), version: n('row_version') }
  return repository(tableOf<AnySchema>()(n(TABLE), options))
}

async function rowVerbs(db: Kysely<AnySchema>, n: Name): Promise<void> {
  const notes = notesOf(n)
  const [id, version, label, thread] = [
    n('note_id'),
    n('row_version'),
    n('note_label'),
    n('thread_id'),
  ]
  const created = await notes.create(db, { [id]: 1, [label]: 'one' })
  assert.deepEqual([created[id], created[label], created[version]], [1, 'one', 0])
  const changed = await notes.update(db, 1, { [label]: 'two', [thread]: 1 }, { version: 0 })
  assert.deepEqual([changed[label], changed[version]], ['two', 1])
  await assert.rejects(notes.update(db, 1, { [label]: 'late' }, { version: 0 }), {
    code: 'conflict',
  })
  const merged = await notes.upsert(db, { [id]: 1, [label]: 'three' })
  assert.deepEqual([merged[label], merged[version]], ['three', 2])
  await notes.upsert(db, { [id]: 2, [label]: 'other', [thread]: 1 })
  assert.equal((await notes.get(db, 2))[label], 'other')
  assert.equal((await notes.find(db, 3)) ?? 'none', 'none')
  const list = await notes.list(db, { where: { [thread]: 1 }, orderBy: [label], limit: 5 })
  assert.deepEqual(
    list.map((row) => row[id]),
    [2, 1],
  )
  assert.equal((await notes.refresh(db, list[0] ?? {}))[label], 'other')
  const related = { table: notes.table, from: thread, to: id }
  const [one] = await withOne(db, list, 'first', related)
  assert.equal(one?.first?.[label], 'three')
  const back = { table: notes.table, from: id, to: thread }
  const many = await withMany(db, list, 'replies', back)
  assert.deepEqual(
    many.map(({ replies }) => replies.length),
    [0, 2],
  )
  const more = await notes.createMany(db, [{ [id]: 3 }, { [id]: 4, [label]: 'four' }])
  assert.deepEqual(
    more.map((row) => row[id]),
    [3, 4],
  )
  await notes.delete(db, 3)
  await notes.delete(db, 4)
  await notes.delete(db, 2)
  assert.deepEqual(await notes.delete(db, 2), { deleted: false })
  await notes.delete(db, 1)
}

/** More than two pages; labels that look like JSON; some NULLs. */
const ROWS = 23

async function bulkVerbs(db: Kysely<AnySchema>, n: Name): Promise<void> {
  const columns = [n('note_id'), n('note_label'), n('due_at'), n('body_json')]
  const [id = '', label = '', due = '', body = ''] = columns
  const source = Array.from({ length: ROWS }, (_, at) => ({
    [id]: at + 1,
    [label]: `{"at": ${at % 4}}`,
    [due]: at % 5 === 0 ? null : `2026-01-01 00:00:00.00000${at % 3}Z`,
    [body]: json([{ at }]),
  }))
  const { rows } = await copyIn(db, { table: n(TABLE), columns }, source)
  assert.equal(rows, ROWS)
  const query = db.selectFrom(n(TABLE)).selectAll().orderBy(id)
  const selected = await query.execute()
  const copied: unknown[] = []
  for await (const row of copyOut(db, query)) copied.push(row)
  assert.deepEqual(copied, selected)
  const whole: UnknownRow[] = []
  for await (const row of copyOut(db, n(TABLE))) whole.push(row)
  assert.deepEqual(
    whole.toSorted((a, b) => Number(a[id]) - Number(b[id])),
    selected,
  )
  const streamed: unknown[] = []
  for await (const row of stream(query, { batchSize: 4 })) streamed.push(row)
  assert.deepEqual(streamed, selected)
}

async function pageVerbs(db: Kysely<AnySchema>, n: Name): Promise<void> {
  const [id, label, due] = [n('note_id'), n('note_label'), n('due_at')]
  const orders = [
    [{ column: label }, { column: id }],
    [{ column: due }, { column: id }],
    [{ column: due, direction: 'desc' }, { column: label }, { column: `${n(TABLE)}.${id}` }],
  ] as const
  for (const by of orders) {
    const query = db.selectFrom(n(TABLE)).selectAll()
    let ordered = query
    for (const { column, ...rest } of by) {
      ordered = ordered.orderBy(column, 'direction' in rest ? rest.direction : 'asc')
    }
    const found: unknown[] = []
    let after: string | undefined
    do {
      const page = await paginate(query, { by, size: 4, after })
      found.push(...page.items)
      after = page.next
    } while (after !== undefined && found.length <= ROWS)
    assert.deepEqual(found, await ordered.execute())
  }
}

async function sealedVerbs(db: Kysely<AnySchema>, n: Name): Promise<void> {
  const [id, text, blind] = [n('note_id'), n('sealed_text'), n('blind_text')]
  const keys = { k1: randomBytes(32), k2: randomBytes(32) }
  const old = encryption({ keys, current: 'k1' }).encryptedText(n(TABLE), text)
  const fresh = encryption({ keys, current: 'k2' }).encryptedText(n(TABLE), text)
  for (let at = 1; at <= 5; at += 1) {
    const values = { [text]: old.seal(at, `note ${at}`) }
    await db.updateTable(n(TABLE)).set(values).where(id, '=', at).execute()
  }
  assert.equal(await rotate(db, fresh, { id, index: blind, batchSize: 2 }), 5)
  const query = db.selectFrom(n(TABLE)).select([id, text, blind]).where(text, 'is not', null)
  for (const row of await query.execute()) {
    const at = Number(row[id])
    assert.equal(fresh.open(at, String(row[text])), `note ${at}`)
    assert.equal(row[blind], fresh.blindIndex(`note ${at}`))
  }
}

async function otherVerbs(db: Kysely<AnySchema>, n: Name): Promise<void> {
  const id = n('note_id')
  const count = async (on: Queryable<AnySchema>): Promise<number> =>
    (await on.selectFrom(n(TABLE)).select(id).execute()).length
  await transaction(db, async (tx) => {
    await tx.deleteFrom(n(TABLE)).where(id, '=', 1).execute()
    const undone = transaction(tx, async (inner) => {
      await inner.deleteFrom(n(TABLE)).execute()
      throw new Error('undo')
    })
    await assert.rejects(undone, { message: 'undo' })
    assert.equal(await count(tx), ROWS - 1)
  })
  await withRollback(db, async (tx) => {
    await tx.deleteFrom(n(TABLE)).execute()
  })
  assert.equal(await count(declareReads(db)), ROWS - 1)
  assert.match((await health(db)).serverVersion, /^\d+/)
}
