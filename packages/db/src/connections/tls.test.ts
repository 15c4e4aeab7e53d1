import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { once } from 'node:events'
import { chown, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../../test/certificate.ts'

let postgres: PostgresServer
let watcher: Database<object>
let wire: Server
/** What each connection sent, as it went over the wire. */
let sent: Buffer[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  watcher = createDatabase({ url: postgres.url })
  const { uid, gid } = await stat(postgres.dataDir)
  for (const [name, text] of Object.entries({
    'server.crt': TEST_CERTIFICATE,
    'server.key': TEST_KEY,
  })) {
    const path = join(postgres.dataDir, name)
    await writeFile(path, text, { mode: 0o600 })
    await chown(path, uid, gid)
  }
  await sql`alter system set ssl = on`.execute(watcher)
  await postgres.restart()
  wire = createServer((client) => {
    const server = connect(postgres.port, '127.0.0.1')
    const at = sent.push(Buffer.alloc(0)) - 1
    client.on('data', (data: Buffer) => {
      sent[at] = Buffer.concat([sent[at] ?? Buffer.alloc(0), data])
    })
    client.pipe(server).pipe(client)
    for (const socket of [client, server]) socket.on('error', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(wire, 'listening')
})

beforeEach(() => {
  sent = []
})

afterAll(async () => {
  await watcher.close()
  wire.close()
  await postgres.close()
})

/** The server by way of the wire. */
function url(): string {
  const changed = new URL(postgres.url)
  changed.port = String((wire.address() as AddressInfo).port)
  return changed.href
}

const SSL_REQUEST = '0000000804d2162f'
/** A handshake record of TLS. */
const TLS = '16'
const CANCEL_REQUEST = Buffer.from('04d2162e', 'hex')

describe('over TLS', () => {
  test('a deadline stops the statement, with a CancelRequest that is encrypted too', async () => {
    await using db = createDatabase({
      url: url(),
      ssl: { ca: TEST_CERTIFICATE },
      applicationName: 'tls',
      connections: 1,
    })
    const { rows: before } = await sql<{ ssl: boolean; pid: number }>`
      select ssl, pid from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)
    expect(before).toMatchObject([{ ssl: true }])

    const failed = withTimeout(50, () => sql`select pg_sleep(60)`.execute(db))

    await expect(failed).rejects.toMatchObject({ code: 'timeout' })
    const { rows } = await sql`select state, pid from pg_stat_activity
      where application_name = 'tls'`.execute(watcher)
    expect(rows).toEqual([{ state: 'idle', pid: before[0]?.pid }])
    expect(sent.length).toBe(2)
    for (const bytes of sent) {
      expect(bytes.subarray(0, 9).toString('hex')).toBe(SSL_REQUEST + TLS)
      expect(bytes.includes(CANCEL_REQUEST)).toBe(false)
    }
  })

  test('a ca in ssl holds beside a sslmode in the URL', async () => {
    const ssl = { ca: TEST_CERTIFICATE }
    await using db = createDatabase({ url: `${url()}?sslmode=require`, ssl })
    const { rows } = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)
    expect(rows).toEqual([{ ssl: true }])
  })

  test('a certificate that is not trusted is refused, and nothing is said in plain text', async () => {
    await using db = createDatabase({ url: url(), ssl: true })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'connection_failed' })
    expect(sent.map((bytes) => bytes.subarray(0, 9).toString('hex'))).toEqual([SSL_REQUEST + TLS])
  })
})

describe('a man in the middle', () => {
  const MODES = ['require', 'verify-ca', 'verify-full', 'prefer']

  test.each(MODES)('with a certificate of his own gets nothing by sslmode=%s', async (mode) => {
    await using db = createDatabase({ url: `${url()}?sslmode=${mode}` })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
    })
    for (const bytes of sent) {
      expect(bytes.subarray(0, 9).toString('hex')).toBe(SSL_REQUEST + TLS)
    }
  })

  test('with a trusted certificate of another name gets nothing', async () => {
    const ssl = { ca: TEST_CERTIFICATE, servername: 'other.example' }
    await using db = createDatabase({ url: url(), ssl })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'connection_failed' })
  })

  test.each([...MODES, 'no-verify'])(
    'who says that there is no TLS gets nothing by sslmode=%s',
    async (mode) => {
      const heard: Buffer[] = []
      const stripper = createServer((client) => {
        client.on('error', () => client.destroy())
        client.on('data', (data: Buffer) => {
          heard.push(data)
          client.write('N')
        })
      }).listen(0, '127.0.0.1')
      await once(stripper, 'listening')
      const { port } = stripper.address() as AddressInfo
      const to = `postgres://u:the-password@127.0.0.1:${port}/x?sslmode=${mode}`
      await using db = createDatabase({ url: to })
      await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'connection_failed' })
      expect(Buffer.concat(heard).toString('hex')).toBe(SSL_REQUEST)
      stripper.close()
    },
  )
})
