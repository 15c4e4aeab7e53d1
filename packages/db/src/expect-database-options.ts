import {
  expected,
  expectInteger,
  expectOneOf,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import {
  type CommonDatabaseOptions,
  type DatabaseOptions,
  type GivenPoolOptions,
  hasGivenPool,
  MAX_ANSWER_BYTES,
  type OwnPoolOptions,
} from './database-options.ts'
import { expectDatabaseUrl, placeOf } from './connections/database-place.ts'
import { tlsPlace } from './connections/tls-options.ts'

const COMMON: Readonly<Record<keyof CommonDatabaseOptions, true>> = {
  int8: true,
  temporal: true,
  plugins: true,
  log: true,
  cancelTimeoutMs: true,
  commitTimeoutMs: true,
}

const GIVEN_POOL_OPTIONS = Object.keys({ ...COMMON, client: true })

const OWN_POOL_OPTIONS = Object.keys({
  ...COMMON,
  url: true,
  host: true,
  port: true,
  database: true,
  user: true,
  password: true,
  ssl: true,
  applicationName: true,
  maxAnswerBytes: true,
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  connectTimeoutMs: true,
  idleTimeoutMs: true,
  reset: true,
  reads: true,
  readConnections: true,
} satisfies Record<keyof OwnPoolOptions, true>)

/** What pg's `Pool` and others call what is an option here: people bring their configuration along. */
const CALLED_ELSEWHERE: Readonly<Record<string, keyof OwnPoolOptions>> = {
  connectionString: 'url',
  connectionTimeoutMillis: 'connectTimeoutMs',
  idleTimeoutMillis: 'idleTimeoutMs',
  max: 'connections',
  poolSize: 'connections',
  username: 'user',
}

/**
 * Throws unless these are options of `createDatabase`.
 *
 * @throws {TypeError} on the first wrong option
 */
export function expectDatabaseOptions(options: DatabaseOptions): void {
  const isGiven = typeof options === 'object' && options !== null && hasGivenPool(options)
  if (!isGiven) expectOurNames(options)
  expectRequiredOptions(options, isGiven ? GIVEN_POOL_OPTIONS : OWN_POOL_OPTIONS, 'createDatabase')
  for (const name of ['cancelTimeoutMs', 'commitTimeoutMs'] as const) {
    expectDelay(name, options[name])
  }
  if (hasGivenPool(options)) expectPool(options)
  else {
    expectPlace(options)
    expectLimits(options)
  }
}

function expectOurNames(options: unknown): void {
  if (typeof options !== 'object' || options === null) return
  for (const [theirs, ours] of Object.entries(CALLED_ELSEWHERE)) {
    if (!(theirs in options)) continue
    const got = `Expected a known option of createDatabase, got "${theirs}"`
    throw new TypeError(`${got}; here it is called "${ours}"`)
  }
}

function expectPool({ client }: GivenPoolOptions): void {
  if (typeof client === 'function') return
  if (typeof client === 'object' && client !== null && typeof client.connect === 'function') return
  throw expected('client to be a pg Pool, or a function that makes one', client)
}

function expectLimits(options: OwnPoolOptions): void {
  const { connections = 10, queue = 0, reset = 'changed' } = options
  const { maxAnswerBytes = MAX_ANSWER_BYTES } = options
  const { reads = 'pooled', readConnections = 2 } = options
  expectInteger('connections', connections, 1)
  expectInteger('queue', queue, 0, Infinity)
  for (const name of ['acquireTimeoutMs', 'connectTimeoutMs', 'idleTimeoutMs'] as const) {
    expectDelay(name, options[name])
  }
  expectOneOf('reset', reset, ['changed', 'always'])
  expectOneOf('reads', reads, ['pooled', 'pipelined'])
  expectInteger('readConnections', readConnections, 1)
  expectInteger('maxAnswerBytes', maxAnswerBytes, 65_536, 1_073_741_823)
}

/** In milliseconds, above 0. */
function expectDelay(name: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return
  throw expected(`${name} to be a number of milliseconds above 0`, value)
}

/** What goes to the server before the first statement, as text that a zero byte ends. */
const STARTUP = ['host', 'database', 'user', 'password', 'applicationName'] as const
/** The options for where the database is, and which user connects. */
const PLACE = ['url', 'host', 'port', 'database', 'user', 'password'] as const

/** Throws for what would lead elsewhere than it says. */
function expectPlace(options: OwnPoolOptions): void {
  for (const name of PLACE) {
    if (!(name in options) || options[name] !== undefined) continue
    throw new TypeError(
      `Expected ${name} to be given, got undefined: leave it out for libpq's variables and localhost`,
    )
  }
  const { url, host, port } = options
  if (url !== undefined) expectDatabaseUrl(url)
  tlsPlace(options)
  if (host !== undefined) placeOf(host)
  if (port !== undefined) expectInteger('port', port, 1, 65_535)
  for (const name of STARTUP) {
    const value: unknown = options[name]
    // A parameter of the startup message ends at a zero byte, and the next one would begin there.
    if (value === undefined || (name === 'password' && typeof value === 'function')) continue
    if (typeof value === 'string' && !value.includes('\0')) continue
    throw expected(`${name} to be text without U+0000`, value)
  }
}
