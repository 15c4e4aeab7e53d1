import { detached, moveOnAfter } from '@yuzuru/concurrency'
import type { ClientConfig } from 'pg'
import { MAX_ANSWER_BYTES, type OwnPoolOptions } from '../database-options.ts'
import type { PgTypes } from '../wire/pg-client.ts'
import { DbError } from '../wire/db-error.ts'
import { ProtocolError } from '../wire/protocol-error.ts'
import {
  isOddServerError,
  isServerError,
  safeMessageOf,
  shownSentence,
} from '../wire/server-error.ts'
import { Session } from './session.ts'
import { ConfiguredClient } from '../wire/configured-client.ts'
import { placeOf } from './database-place.ts'
import { tlsPlace } from './tls-options.ts'
import { STARTUP_SETTINGS } from '../wire/session-settings.ts'

/** Options whose server, or the pooler in front of it, refuses our startup settings. */
const unconfigurable = new WeakSet<OwnPoolOptions>()

/** Connects to the server and makes a session of the connection. */
export async function openSession(
  options: OwnPoolOptions,
  types: PgTypes,
  signal: AbortSignal,
  pipeline = false,
): Promise<Session> {
  if (unconfigurable.has(options)) return await connect(options, types, signal, pipeline, {})
  try {
    return await connect(options, types, signal, pipeline, STARTUP_SETTINGS)
  } catch (error) {
    // PgBouncer refuses a setting that it is not configured to ignore. So connect again without any.
    if (!(DbError.isInstance(error) && REFUSES_SETTINGS.has(error.sqlState ?? ''))) throw error
    const session = await connect(options, types, signal, pipeline, {})
    unconfigurable.add(options)
    return session
  }
}

/** `protocol_violation`, of PgBouncer; `feature_not_supported`, of others. */
const REFUSES_SETTINGS = new Set(['08P01', '0A000'])

async function connect(
  options: OwnPoolOptions,
  types: PgTypes,
  signal: AbortSignal,
  pipeline: boolean,
  settings: Readonly<Record<string, string>>,
): Promise<Session> {
  const { connectTimeoutMs = 10_000 } = options
  // The connection outlives the caller, so nothing of it may belong to the caller's scope.
  const config: ClientConfig = { ...clientConfig(options), types, pipeline }
  const client = detached(
    () => new ConfiguredClient(config, settings, options.maxAnswerBytes ?? MAX_ANSWER_BYTES),
  )
  const session = new Session(client, options.cancelTimeoutMs ?? 5_000, true)
  const { expired } = await moveOnAfter(connectTimeoutMs, async (scope) => {
    const giveUp = (): void => session.destroy()
    scope.signal.addEventListener('abort', giveUp, { once: true })
    try {
      await detached(() => client.connect())
      await session.settle(scope.signal)
    } catch (error) {
      session.destroy()
      throw scope.cancelled ? scope.signal.reason : failed(error)
    } finally {
      scope.signal.removeEventListener('abort', giveUp)
    }
  })
  if (expired) throw failed(new Error(`no connection within ${connectTimeoutMs} ms`))
  if (signal.aborted) {
    session.destroy()
    throw signal.reason
  }
  return session
}

function clientConfig(options: OwnPoolOptions): ClientConfig {
  const { port, database, user, password, applicationName } = options
  const { url, ssl } = tlsPlace(options)
  const host = options.host === undefined ? undefined : placeOf(options.host)
  const fields = { host, port, database, user, password, ssl, application_name: applicationName }
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(given),
    ...(url === undefined ? {} : { connectionString: url }),
    keepAlive: true,
  }
}

function failed(error: unknown): DbError {
  const reason = toldOf(error)
  const server = isServerError(error)
  // pg itself says so where the server asks for a password and there is none.
  const isOfPassword = server ? error.code.startsWith('28') : reason.startsWith('SASL')
  return new DbError(`No connection to PostgreSQL: ${server ? safeMessageOf(error) : reason}`, {
    operation: 'connect',
    code: isOfPassword ? 'unauthenticated' : 'connection_failed',
    // Trying again does not help a wrong password or database, but it helps with a server that is starting
    // or full.
    retryable: server
      ? /^(53|57|08)/.test(error.code)
      : !isOfPassword && !(error instanceof ProtocolError),
    outcome: 'none',
    sqlState: server ? error.code : undefined,
    ...(server || isOddServerError(error) || isOfScram(error) ? {} : { cause: error }),
  })
}

function toldOf(error: unknown): string {
  if (isOddServerError(error)) return 'the server gave an error without a SQLSTATE'
  if (!(error instanceof Error)) return 'unknown reason'
  // pg quotes the server's words in this message.
  return isOfScram(error) ? shownSentence(error.message) : error.message
}

function isOfScram(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('SASL')
}
