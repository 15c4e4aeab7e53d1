import { describe, expect, test } from 'vitest'

import {
  calendarId,
  clientWith,
  email,
  meeting,
  openCalendar,
  refusal,
  scopes,
} from '../../../test/google/fixture.ts'

describe('access', () => {
  test('a wrong, an expired and a revoked access token are 401 in Google’s shape', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using session = await openCalendar({ now: () => now })
    const { client, server } = session
    const denied = { status: 401, reason: 'authError' }
    const wrong = clientWith(server, 'ya29.wrong').events.list({ calendarId })
    expect(await refusal(wrong)).toEqual(denied)
    now += 3_600_000
    expect(await refusal(client.events.list({ calendarId }))).toEqual(denied)
    const { accessToken } = await server.issueTokens({ email, scopes })
    await server.revokeAccess(email)
    expect(await refusal(clientWith(server, accessToken).events.list({ calendarId }))).toEqual(
      denied,
    )
    const raw = await fetch(`${server.url}/calendar/v3/calendars/primary/events`)
    expect(await raw.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } })
  })

  test('a read-only scope reads and does not write', async () => {
    await using session = await openCalendar()
    const { server } = session
    const readonly = ['https://www.googleapis.com/auth/calendar.readonly']
    const { accessToken } = await server.issueTokens({ email, scopes: readonly })
    const reader = clientWith(server, accessToken)
    expect((await reader.events.list({ calendarId })).status).toBe(200)
    const insert = reader.events.insert({ calendarId, requestBody: meeting(10) })
    expect(await refusal(insert)).toEqual({ status: 403, reason: 'insufficientPermissions' })
  })

  test('the primary calendar is listed under the account’s address, and no other exists', async () => {
    await using session = await openCalendar()
    const { client } = session
    const { data } = await client.calendarList.list()
    expect(data.items).toMatchObject([{ id: email, primary: true, timeZone: 'Asia/Tokyo' }])
    const { data: entry } = await client.calendarList.get({ calendarId: 'primary' })
    expect(entry.id).toBe(email)
    expect((await client.calendars.get({ calendarId: email })).data.id).toBe(email)
    const foreign = client.events.list({ calendarId: 'taro@example.com' })
    expect(await refusal(foreign)).toEqual({ status: 404, reason: 'notFound' })
  })
})
