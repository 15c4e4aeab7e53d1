import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import type { CalendarOptions } from '../src/calendar-options.ts'
import { createCalendar } from '../src/create-calendar.ts'
import { kyselyCalendarStore } from '../src/stores/kysely-store.ts'
import { plainCipher } from '../src/testing/plain-cipher.ts'

/** What a process is to do, and when it dies of it. */
export interface DyingRefresh {
  readonly databaseUrl: string
  readonly options: Omit<CalendarOptions, 'store' | 'client'>
  readonly diesAt: 'claimed' | 'answered'
}

/*
 * A process of an app, which refreshes the tokens of `staff-1`, and is killed in the middle of it.
 */

process.once('message', ({ databaseUrl, options, diesAt }: DyingRefresh) => {
  const pool = new Pool({ connectionString: databaseUrl, max: 2 })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const store = kyselyCalendarStore(db, { cipher: plainCipher() })
  const die = async (): Promise<never> => {
    process.kill(process.pid, 'SIGKILL')
    return await new Promise(() => undefined)
  }
  const calendar = createCalendar({
    ...options,
    store: {
      ...store,
      async claimRefresh(...call) {
        const claim = await store.claimRefresh(...call)
        return diesAt === 'claimed' ? await die() : claim
      },
      replace: die,
    },
  })
  void calendar.events.get('staff-1', { id: 'event1' }).then(() => process.exit(1))
})
