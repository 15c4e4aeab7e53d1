import { calendar_v3 } from '@googleapis/calendar'
import { createCalendar } from '@yuzuru/calendar'
import { memoryCalendarStore, plainCipher } from '@yuzuru/calendar/testing'
import type { Benchmark } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { EVENTS, FROM, HOUR_MS, TO } from './events.ts'

const LISTS = 50

interface Google {
  readonly apiRoot: string
  readonly accessToken: string
  readonly refreshToken: string
}

async function repeat(list: () => Promise<number>): Promise<number> {
  let events = 0
  for (let time = 0; time < LISTS; time += 1) events += await list()
  return events
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: `a list of ${EVENTS} events, what it costs the client`,
  operation: 'list',
  warmUpMs: 3_000,
  bars: [{ of: 'yuzuru', against: '@googleapis/calendar', atMost: 1 }],
  async cases(resources) {
    const peer = resources.use(startPeer(import.meta.resolve('./google.ts')))
    const { apiRoot, accessToken, refreshToken } = (await peer.next()) as Google
    const store = memoryCalendarStore({ cipher: plainCipher() })
    const refreshAt = Date.now() + HOUR_MS
    await store.put('hana', { accessToken, refreshToken, refreshAt, scopes: [] })
    const calendar = resources.use(
      createCalendar({
        clientId: 'bench',
        clientSecret: 'bench',
        redirectUri: 'http://127.0.0.1/',
        store,
        endpoints: { apiRoot },
      }),
    )
    const headers = { authorization: `Bearer ${accessToken}` }
    const google = new calendar_v3.Calendar({ rootUrl: apiRoot, headers })
    const timeMin = new Date(FROM).toISOString()
    const timeMax = new Date(TO).toISOString()
    const query = new URLSearchParams({ timeMin, timeMax, singleEvents: 'true' })
    const url = `${apiRoot}calendar/v3/calendars/primary/events?${query.toString()}`
    const common = { operations: LISTS, expected: LISTS * EVENTS }
    return [
      {
        ...common,
        name: 'yuzuru',
        run: () =>
          repeat(async () => {
            const range = { from: new Date(FROM), to: new Date(TO), expandRecurring: true }
            return (await Array.fromAsync(calendar.events.list('hana', range))).length
          }),
      },
      {
        ...common,
        name: '@googleapis/calendar',
        run: () =>
          repeat(async () => {
            const query = { calendarId: 'primary', timeMin, timeMax, singleEvents: true }
            return (await google.events.list(query)).data.items?.length ?? 0
          }),
      },
      {
        ...common,
        name: 'global fetch, nothing checked',
        run: () =>
          repeat(async () => {
            const response = await fetch(url, { headers })
            return ((await response.json()) as { items: unknown[] }).items.length
          }),
      },
    ]
  },
}
