import { expect, test } from 'vitest'

import { calendarId, email, openCalendar, scopes } from '../../../test/google/fixture.ts'

const EVENTS = '/calendar/v3/calendars/primary/events'

interface Answer {
  readonly id: string | undefined
  readonly status: number
  readonly body: Record<string, unknown>
}

function insert(id: string, more = ''): string {
  const times = { start: { date: '2026-04-01' }, end: { date: '2026-04-02' } }
  const body = JSON.stringify({ id, summary: `会議\n${id}`, ...times })
  return `POST ${EVENTS} HTTP/1.1\r\nContent-Type: application/json\r\n${more}\r\n${body}`
}

async function send(
  server: Awaited<ReturnType<typeof openCalendar>>['server'],
  calls: readonly string[],
  headers: Record<string, string> = {},
): Promise<{ status: number; answers: Answer[] }> {
  const parts = calls.map(
    (call, at) =>
      `--cut\r\nContent-Type: application/http\r\nContent-ID: <call${at}>\r\n\r\n${call}\r\n`,
  )
  const response = await fetch(server.batchUrl, {
    method: 'POST',
    headers: { 'content-type': 'multipart/mixed; boundary=cut', ...headers },
    body: `${parts.join('')}--cut--\r\n`,
  })
  const text = await response.text()
  const [, boundary = ''] = /boundary=(\S+)/.exec(response.headers.get('content-type') ?? '') ?? []
  const answers = (boundary === '' ? [] : text.split(`--${boundary}`).slice(1, -1)).map((part) => {
    const [head = '', http = '', ...body] = part.split('\r\n\r\n')
    return {
      id: /Content-ID: (\S+)/.exec(head)?.[1],
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(http)?.[1]),
      body: JSON.parse(body.join('\r\n\r\n').trim() || '{}') as Record<string, unknown>,
    }
  })
  return { status: response.status, answers }
}

test('each call of a batch is answered by itself, in its place', async () => {
  await using session = await openCalendar()
  const { server } = session
  const { accessToken } = await server.issueTokens({ email, scopes })
  const authorization = `Bearer ${accessToken}`
  const calls = [
    insert('event1'),
    `GET ${EVENTS}/absent1`,
    `DELETE ${EVENTS}/event1 HTTP/1.1`,
    insert('event1'),
    insert('event2', 'Authorization: Bearer ya29.wrong\r\n'),
    `GET /calendar/v3/nowhere`,
  ]
  const { status, answers } = await send(server, calls, { authorization })
  expect(status).toBe(200)
  expect(answers.map(({ id }) => id)).toEqual(calls.map((_, at) => `<response-call${at}>`))
  // From the last to the first: the event was there when it was deleted, and its id is taken after.
  expect(answers.map((each) => each.status)).toEqual([409, 404, 204, 200, 401, 404])
  expect(answers[3]?.body).toMatchObject({ id: 'event1', summary: '会議\nevent1' })
  expect(server.events(email)).toMatchObject([{ id: 'event1', status: 'cancelled' }])
  expect(server.requestCount('POST', EVENTS)).toBe(3)
  const there = await session.client.events.get({ calendarId, eventId: 'event1' })
  expect(there.data.status).toBe('cancelled')
})

test.each([
  ['no boundary', { 'content-type': 'multipart/mixed' }, [insert('event1')]],
  ['another type', { 'content-type': 'application/json' }, [insert('event1')]],
  ['no call', {}, []],
  ['a whole URL', {}, ['GET https://www.googleapis.com/calendar/v3/users/me/calendarList']],
  ['another API', {}, ['GET /gmail/v1/users/me/messages']],
  ['a thousand and one calls', {}, Array.from({ length: 1001 }, () => `GET ${EVENTS}`)],
])('a batch with %s is 400, and nothing is done', async (_what, headers, calls) => {
  await using session = await openCalendar()
  expect((await send(session.server, calls, headers)).status).toBe(400)
  expect(session.server.requests()).toHaveLength(1)
})
