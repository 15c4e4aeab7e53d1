import { describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import type { DatabaseOptions } from './database-options.ts'

const PLACE = ['url', 'host', 'port', 'database', 'user', 'password'] as const

describe('createDatabase', () => {
  test.each(PLACE)('takes no undefined for %s: it would go to localhost in silence', (name) => {
    const rest = name === 'url' ? {} : { host: 'db.example' }
    const options = { ...rest, [name]: undefined } as unknown as DatabaseOptions

    expect(() => createDatabase(options)).toThrow(
      `Expected ${name} to be given, got undefined: leave it out for libpq's variables and localhost`,
    )
  })

  test('takes no undefined for a pool that was to be passed in', () => {
    const options = { client: undefined } as unknown as DatabaseOptions

    expect(() => createDatabase(options)).toThrow(
      'Expected client to be a pg Pool, or a function that makes one, got undefined',
    )
  })

  test('takes undefined for what says nothing about the place', async () => {
    const options = { url: 'postgres://127.0.0.1/x', connections: undefined, ssl: undefined }
    await createDatabase(options).close()
  })

  test.each([0, 65_536, 1.5, '5432'])('takes no port %j', (port) => {
    const options = { host: 'db.example', port } as unknown as DatabaseOptions

    expect(() => createDatabase(options)).toThrow(/^Expected port to be an integer from 1 to 65535/)
  })

  test.each([
    ['connectionString', 'postgres://127.0.0.1/x', 'url'],
    ['connectionTimeoutMillis', 1_000, 'connectTimeoutMs'],
    ['idleTimeoutMillis', 1_000, 'idleTimeoutMs'],
    ['max', 20, 'connections'],
    ['poolSize', 20, 'connections'],
    ['username', 'app', 'user'],
  ])('says what %s is called here', (theirs, value, ours) => {
    const options = { host: 'db.example', [theirs]: value } as unknown as DatabaseOptions

    expect(() => createDatabase(options)).toThrow(
      `Expected a known option of createDatabase, got "${theirs}"; here it is called "${ours}"`,
    )
  })
})
