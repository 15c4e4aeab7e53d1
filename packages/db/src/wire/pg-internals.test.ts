import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changedPgInternals, changedSentence, TESTED_PG } from './pg-internals.ts'
import { type ParameterStatus, PgWire } from './pg-wire.ts'

const require = createRequire(import.meta.url)
const { version } = require('pg/package.json') as { version: string }
const src = join(import.meta.dirname, '..')

let postgres: PostgresServer
let client: Client
let wire: PgWire
const parameters: ParameterStatus[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  client = new Client({ connectionString: postgres.url })
  wire = new PgWire(client)
  wire.onParameter((message) => parameters.push(message))
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await postgres.close()
})

function isTested(installed: string): boolean {
  const [from, below, at] = [TESTED_PG.from, TESTED_PG.below, installed].map(
    (text) => text.split('.').map(Number) as [number, number, number],
  )
  return compare(from, at) <= 0 && compare(at, below) < 0
}

function compare(left: readonly number[] = [], right: readonly number[] = []): number {
  const at = left.findIndex((part, index) => part !== right[index])
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}

/** pg rejects at the error; the server is ready only after that. */
async function failing(): Promise<void> {
  const idle = once(client, 'drain')
  await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' })
  await idle
}

interface Connection {
  query(text: string): void
  sendCopyFail(reason: string): void
}

/** Submits text as a statement of our own, and notes what pg calls of it. */
async function hooksOf(text: string): Promise<Record<string, unknown>> {
  const heard: Record<string, unknown> = {}
  const done = Promise.withResolvers<void>()
  const note =
    (name: string) =>
    (message: unknown): void => {
      heard[name] = message
    }
  wire.submit({
    submit: (connection: Connection) => connection.query(text),
    handleRowDescription: note('rowDescription'),
    handleDataRow: note('dataRow'),
    handleCommandComplete: note('commandComplete'),
    handleEmptyQuery: note('emptyQuery'),
    handleCopyData: note('copyData'),
    handleCopyInResponse(connection: Connection) {
      heard['copyInResponse'] = true
      connection.sendCopyFail('nothing to send')
    },
    handleError: (error: unknown) => {
      heard['error'] = error
      // pg tells a statement that failed of no ReadyForQuery.
      client.once('drain', done.resolve)
    },
    handleReadyForQuery: () => done.resolve(),
  } as never)
  await done.promise
  return heard
}

describe('the installed pg', () => {
  test('is of the range that this was tested with', () => {
    expect(
      isTested(version),
      `pg ${version} is outside of the range that @yuzuru/db was tested with (${TESTED_PG.from} up to, not including, ${TESTED_PG.below}): run all its tests on it, look through pg's changes of what src/wire/pg-internals.ts lists, then widen TESTED_PG`,
    ).toBe(true)
  })

  test('is the range that its manifest asks for, from its first version on', () => {
    const manifest = require('../../package.json') as { peerDependencies: { pg: string } }
    expect(manifest.peerDependencies.pg).toBe(`^${TESTED_PG.from}`)
  })

  test('has everything that is reached of its insides', () => {
    const changed = changedPgInternals(new Client())
    expect(changed, changed.length > 0 ? changedSentence(changed) : '').toEqual([])
  })

  test('without it says what is missing', () => {
    const changed = changedPgInternals({ connection: { sync: () => undefined } })

    expect(changed).toContain('client.connection.stream')
    expect(changed).not.toContain('client.connection.sync()')
    expect(changedSentence(['client.port'])).toBe(
      'Expected a pg of 8.23.1 or later, below 8.24.0, got one in which client.port is missing or otherwise',
    )
  })

  test('knows its backend, the key that cancels, and the state of its transaction', async () => {
    const backend = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    expect(wire.processId).toBe(backend.rows[0]?.pid)
    expect(wire.cancelTarget.secretKey).not.toBe(0)
    expect(wire.bytesRead).toBeGreaterThan(0)

    const states = [wire.transactionStatus]
    await client.query('begin')
    states.push(wire.transactionStatus)
    await failing()
    states.push(wire.transactionStatus)
    await client.query('rollback')
    expect(states).toEqual(['I', 'T', 'E'])
  })

  test('passes on what the server says of its settings', () => {
    expect(parameters).toContainEqual(
      expect.objectContaining({ parameterName: 'client_encoding', parameterValue: 'UTF8' }),
    )
  })

  test('passes on each ReadyForQuery, and says when nothing is under way', async () => {
    const heard: string[] = []
    wire.onReady(() => heard.push('ready'))
    wire.onIdle(() => heard.push('idle'))
    await failing()
    await client.query('select 1')

    expect(heard).toEqual(['idle', 'ready', 'idle', 'ready'])
  })

  test.each<[string, string, Record<string, unknown>]>([
    [
      'rows',
      'select 7 as seven, null as nothing',
      {
        rowDescription: {
          fields: [
            { name: 'seven', dataTypeID: 23 },
            { name: 'nothing', dataTypeID: 25 },
          ],
        },
        dataRow: { fields: ['7', null] },
        commandComplete: { text: 'SELECT 1' },
      },
    ],
    ['an empty text', '', { emptyQuery: expect.anything() }],
    ['an error', 'select 1 / 0', { error: { severity: 'ERROR', code: '22012' } }],
    ['COPY to us', 'copy (select 7) to stdout', { copyData: { chunk: Buffer.from('7\n') } }],
    [
      'COPY from us',
      'create temp table loaded (id int); copy loaded from stdin',
      { copyInResponse: true, error: { code: '57014' } },
    ],
  ])('calls the hooks of a statement of our own: %s', async (_, text, expected) => {
    expect(await hooksOf(text)).toMatchObject(expected)
  })
})

test('nothing outside of wire/ imports pg, but for its types', () => {
  const files = globSync('**/*.ts', { cwd: src })
  const outside = files.filter((file) => !file.startsWith('wire/') && !file.endsWith('.test.ts'))
  const reaching = outside.filter((file) =>
    /^import (?!type ).*from 'pg'/m.test(readFileSync(join(src, file), 'utf8')),
  )

  expect(files.length).toBeGreaterThan(100)
  expect(reaching).toEqual([])
})
