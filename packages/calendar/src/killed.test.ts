import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { type BundledProgram, bundleProgram } from '@yuzuru/tooling/bundle-program'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { DyingRefresh } from '../test/dying-refresh.ts'
import { type GoogleCalendar, startGoogleCalendar } from '../test/google-calendar.ts'
import { calendarMigrations, kyselyCalendarStore } from './kysely.ts'
import { connect, failure, meeting } from './testing/calendar-fixture.ts'
import { plainCipher } from './testing/plain-cipher.ts'

let server: PostgresServer
let program: BundledProgram

beforeAll(async () => {
  program = await bundleProgram(new URL('../test/dying-refresh.ts', import.meta.url))
  server = await startPostgres()
})

afterAll(async () => {
  await server?.close()
  await program?.[Symbol.asyncDispose]()
})

/** An account whose refresh was begun by a process that was killed, its lease over. */
async function killedAt(
  diesAt: DyingRefresh['diesAt'],
): Promise<GoogleCalendar & { readonly state: string }> {
  const databaseUrl = await server.createDatabase()
  const pool = new Pool({ connectionString: databaseUrl })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  onTestFinished(() => db.destroy())
  for (const migration of Object.values(calendarMigrations)) await migration.up(db)
  const store = kyselyCalendarStore(db, { cipher: plainCipher() })
  const fixture = await startGoogleCalendar({ store })
  onTestFinished(() => fixture[Symbol.asyncDispose]())
  await connect(fixture, 'staff-1', 'hana@example.com')
  await fixture.expireAccessTokens()
  const { store: _, client: __, ...options } = fixture.options
  const child = fork(program.path, { env: program.env })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  child.send({ databaseUrl, options, diesAt } satisfies DyingRefresh)
  await exited
  expect(child.signalCode).toBe('SIGKILL')
  const over = await sql`
    update yuzuru_calendar_accounts set lease_until = clock_timestamp()
    where lease_until > clock_timestamp() returning 1`.execute(db)
  expect(over.rows).toHaveLength(1)
  const { state } = await fixture.calendar.account('staff-1')
  return { ...fixture, state }
}

describe('a process that is killed by SIGKILL during a refresh', () => {
  test('before Google was asked has lost nothing', async () => {
    const { calendar } = await killedAt('claimed')
    expect(await calendar.events.create('staff-1', meeting(1))).toMatchObject({ created: true })
  })

  test('between Google’s answer and our write is told as what it is', async () => {
    const { calendar, state } = await killedAt('answered')
    expect(state).toBe('connected')
    const error = await failure(calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ code: 'reconnect_required', reason: 'refresh_lost' })
    const ended = { state: 'reconnect_required', why: 'refresh_lost' }
    expect(await calendar.account('staff-1')).toMatchObject(ended)
  })
})
