import { startScriptedServer, type ScriptedAnswer } from '@yuzuru/http/testing'
import type { calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'
import { type GoogleCalendar, startGoogleCalendar } from '../../test/google-calendar.ts'
import { connect, failure } from '../testing/calendar-fixture.ts'
import { createCalendar } from '../create-calendar.ts'
import { memoryCalendarStore } from '../stores/memory-store.ts'
import { plainCipher } from '../testing/plain-cipher.ts'

type Call = (client: calendar_v3.Calendar) => Promise<unknown>

const place = { calendarId: 'primary', eventId: 'event1' }

/** A read, and each method that changes something. */
const CALLS: Readonly<Record<string, { readonly call: Call; readonly changes: boolean }>> = {
  list: { call: (client) => client.events.list({ calendarId: 'primary' }), changes: false },
  get: { call: (client) => client.events.get(place), changes: false },
  insert: {
    call: (client) => client.events.insert({ calendarId: 'primary', requestBody: {} }),
    changes: true,
  },
  patch: { call: (client) => client.events.patch({ ...place, requestBody: {} }), changes: true },
  update: { call: (client) => client.events.update({ ...place, requestBody: {} }), changes: true },
  delete: { call: (client) => client.events.delete(place), changes: true },
}

interface Fault {
  readonly code: string
  readonly retryable: boolean
  /** Whether a change may have been made nevertheless. */
  readonly unknown: boolean
  readonly cause: (fixture: GoogleCalendar) => void | Promise<void>
}

function answered(status: number, code: string, retryable: boolean, unknown = false): Fault {
  const cause = ({ proxy }: GoogleCalendar): void => proxy.set({ status: { code: status } })
  return { code, retryable, unknown, cause }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'nobody listens': {
    code: 'connection_failed',
    retryable: true,
    unknown: false,
    cause: ({ proxy }) => proxy.close(),
  },
  'the answer is lost': {
    code: 'connection_lost',
    retryable: true,
    unknown: true,
    cause: ({ proxy }) => proxy.set({ dropReply: {} }),
  },
  'the calendar is closed': {
    code: 'closed',
    retryable: false,
    unknown: false,
    cause: ({ calendar }) => calendar.close(),
  },
  '400': answered(400, 'invalid_request', false),
  '401': answered(401, 'unavailable', true),
  '403': answered(403, 'forbidden', false),
  '404': answered(404, 'not_found', false),
  '412': answered(412, 'conflict', false),
  '429': answered(429, 'rate_limited', true),
  '500': answered(500, 'unavailable', true, true),
  '503': answered(503, 'unavailable', true, true),
}

describe.each(Object.entries(FAULTS))('a native call, when %s', (_, fault) => {
  test.each(Object.entries(CALLS))(
    'fails as a verb would: %s',
    async (_name, { call, changes }) => {
      await using fixture = await startGoogleCalendar({ retry: false })
      await connect(fixture, 'staff-1', 'hana@example.com')
      await fault.cause(fixture)
      const error = await failure(call(fixture.calendar.client('staff-1')))
      const { code, retryable } = fault
      const outcome = fault.unknown && changes ? 'unknown' : 'none'
      expect(error).toMatchObject({ boundary: 'calendar', operation: 'client', code, outcome })
      expect(error.retryable).toBe(retryable)
    },
  )
})

async function* cutOff(): AsyncGenerator<string> {
  yield '{"items":'
  throw new Error('cut')
}

const json = { 'content-type': 'application/json' }

describe.each<[string, ScriptedAnswer, string]>([
  ['is cut off', { headers: json, body: cutOff() }, 'connection_lost'],
  ['is no JSON', { headers: json, body: '{"items":' }, 'unexpected'],
])('an answer that %s', (_, answer, code) => {
  test.each(Object.entries(CALLS))('fails a native call: %s', async (_name, { call, changes }) => {
    await using server = await startScriptedServer()
    server.reply(answer.body instanceof Object ? { ...answer, body: cutOff() } : answer)
    const store = memoryCalendarStore({ cipher: plainCipher() })
    const refreshAt = Date.now() + 3_600_000
    await store.put('staff-1', { accessToken: 'a', refreshToken: 'r', refreshAt, scopes: [] })
    const client = { clientId: 'id', clientSecret: 'secret', redirectUri: 'http://127.0.0.1/' }
    const endpoints = { apiRoot: server.url }
    await using calendar = createCalendar({ ...client, store, endpoints, retry: false })
    const error = await failure(call(calendar.client('staff-1')))
    const outcome = changes ? 'unknown' : 'none'
    expect(error).toMatchObject({ boundary: 'calendar', operation: 'client', code, outcome })
  })
})
