import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exerciseOptions } from '@yuzuru/concurrency/testing'
import * as index from './index.ts'
import * as testing from './testing.ts'

/** An option with a slip of the pen, which JavaScript would pass over. */
type Misspelt = never

interface Schema {
  readonly plans: { readonly id: string; readonly version: number }
}

let server: Server
let connected = 0
let db: index.Database<Schema>
beforeAll(async () => {
  server = createServer((socket) => {
    connected += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  db = index.createDatabase<Schema>({ host: '127.0.0.1', port, user: 'x', database: 'x' })
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened.
  expect(connected).toBe(0)
  await db.close()
  server.close()
})

const fn = async (): Promise<void> => {}
const id = 'a'
const plans = index.tableOf<Schema>()('plans', { version: 'version' })
const repository = index.repository(plans)
const rows = [{ id }]
const { encryptedText } = index.encryption({ keys: { k: new Uint8Array(32) }, current: 'k' })
const query = (): never => db.selectFrom('plans').selectAll() as never

/** Each public function or method that takes options, and each option that has some of its own. */
const takers: Readonly<Record<string, (options: Misspelt) => unknown>> = {
  beside: (options) => index.beside(db, options),
  copyIn: (options) => index.copyIn(db, { table: 'plans', columns: ['id'] }, [], options),
  'copyIn, its target': (into) =>
    index.copyIn(db, { table: 'plans', ...object(into) } as never, []),
  copyOut: (options) => index.copyOut(db, 'plans', options),
  createDatabase: (options) => index.createDatabase(options),
  'createDatabase, over a pool': (options) =>
    index.createDatabase({ client: () => ({}) as never, ...object(options) }),
  'db.close': (options) => db.close(options),
  'db.health': (options) => db.health(options),
  encryption: (options) => index.encryption(options),
  health: (options) => index.health(db, options),
  listen: (options) => index.listen(db, 'plans', options).next(),
  migrate: (options) => index.migrate(db, {}, options),
  paginate: (options) => index.paginate(query(), options),
  'paginate.by': (key) => index.paginate(query(), { by: [key], size: 1 }),
  prepared: (options) => index.prepared(db.selectFrom('plans').selectAll().compile(), options),
  rotate: (options) => index.rotate(db, encryptedText('plans', 'id'), options),
  stream: (options) => index.stream(query(), options).next(),
  tableOf: (options) => index.tableOf<Schema>()('plans', options),
  transaction: (options) => index.transaction(db, fn, options),
  withOne: (relation) => index.withOne(db, rows, 'plan', relation),
  withMany: (relation) => index.withMany(db, rows, 'plans', relation),
  withManyThrough: (relation) => index.withManyThrough(db, rows, 'plans', relation),
  'withManyThrough.through': (given) =>
    index.withManyThrough(db, rows, 'plans', {
      table: plans,
      from: 'id',
      to: 'id',
      through: given,
    }),
  'repository.list': (options) => repository.list(db, options),
  'repository.update': (options) => repository.update(db, id, {}, options),
}

/** Those that take none. */
const others = `DbError EncryptionError PreciseDate afterCommit afterRollback commitOutcome createMigrator
  databaseOf declareReads json repository withNested databaseTemplate exerciseDatabase withRollback
  repository.table repository.get repository.find repository.getBy repository.findBy repository.getOrCreate
  repository.create repository.createMany
  repository.upsert repository.delete repository.refresh`

describe('a misspelt option is refused by', () => {
  const faces = { '': [index, testing], repository }
  for (const { name, run } of exerciseOptions({ takers, others, faces })) test(name, run)

  test('transaction, which names the nearest', async () => {
    await expect(index.transaction(db, fn, { readonly: true } as never)).rejects.toThrow(
      'Expected a known option of transaction, got "readonly"; did you mean "readOnly"?',
    )
  })
})

test.each([undefined, null, 7, [undefined]])(
  'migrate says what it expects for %j',
  async (given) => {
    await expect(index.migrate(db, given as never)).rejects.toThrow(
      /^Expected sources to be migrations by name, a folder, or a list of these, got /,
    )
  },
)

/** `null` has nothing to be spread. */
function object(options: object | null): object {
  if (options === null) throw new TypeError('null')
  return options
}
