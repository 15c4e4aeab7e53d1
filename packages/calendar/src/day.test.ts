import { startGoogle } from '@yuzuru/sandbox'
import { expect, test } from 'vitest'
import { createCalendar } from './create-calendar.ts'
import { memoryCalendarStore, plainCipher } from './testing.ts'

test('whole path', async () => {
  await using google = await startGoogle({ rotateRefreshTokens: true })
  const store = memoryCalendarStore({ cipher: plainCipher() })
  const { authUrl, tokenUrl, revokeUrl, calendarUrl: apiRoot, clientId, clientSecret } = google
  await using calendar = createCalendar({
    store,
    clientId,
    clientSecret,
    redirectUri: 'http://127.0.0.1/cb',
    endpoints: { authUrl, tokenUrl, revokeUrl, apiRoot },
  })
  const url = await calendar.authorizationUrl({ reference: 'staff-1', loginHint: 'a@example.com' })
  const u = new URL(url)
  u.searchParams.set('email', 'a@example.com')
  u.searchParams.set('decision', 'allow')
  const res = await fetch(u.origin + u.pathname, {
    method: 'POST',
    body: u.searchParams,
    redirect: 'manual',
  })
  const back = new URL(res.headers.get('location') ?? '')
  const q = Object.fromEntries(back.searchParams) as { code: string; state: string }
  expect(
    await calendar.connect({ reference: 'staff-1', code: q.code, state: q.state }),
  ).toMatchObject({ reference: 'staff-1' })
  const fields = {
    idempotencyKey: 'k',
    summary: '支援会議',
    start: new Date('2026-04-01T10:00:00+09:00'),
    end: new Date('2026-04-01T11:00:00+09:00'),
    timeZone: 'Asia/Tokyo',
  }
  const a = await calendar.createEvent('staff-1', fields)
  expect(a.created).toBe(true)
  await google.expireAccessTokens()
  const b = await calendar.createEvent('staff-1', fields)
  expect(b.created).toBe(false)
  const n = await calendar.client('staff-1').events.list({ calendarId: 'primary' })
  expect(n.data.items?.length).toBe(1)
  await calendar.updateEvent('staff-1', {
    id: a.event.id,
    etag: a.event.etag,
    summary: 'x',
  })
  await expect(
    calendar.updateEvent('staff-1', { id: a.event.id, etag: a.event.etag, summary: 'y' }),
  ).rejects.toMatchObject({ code: 'conflict' })
  expect(await calendar.deleteEvent('staff-1', { id: a.event.id })).toEqual({ deleted: true })
  expect(await calendar.deleteEvent('staff-1', { id: a.event.id })).toEqual({ deleted: false })
  expect(await calendar.disconnect('staff-1')).toEqual({ disconnected: true })
})
