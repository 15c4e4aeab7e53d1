/** The sandbox's Google in a process of its own, with one account that has so many events. It says where it is first. */
import { startGoogle } from '@yuzuru/sandbox'
import { EVENTS, FROM, HOUR_MS } from './events.ts'

const google = await startGoogle()
const scopes = ['https://www.googleapis.com/auth/calendar']
const { accessToken, refreshToken } = await google.issueTokens({ email: 'hana@example.jp', scopes })
for (let nth = 0; nth < EVENTS; nth += 1) {
  const start = FROM + nth * HOUR_MS
  const response = await fetch(`${google.calendarUrl}calendar/v3/calendars/primary/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      summary: `支援会議 ${nth}`,
      start: { dateTime: new Date(start).toISOString() },
      end: { dateTime: new Date(start + HOUR_MS).toISOString() },
    }),
  })
  if (!response.ok) throw new Error(await response.text())
}
process.send?.({ apiRoot: google.calendarUrl, accessToken, refreshToken })
process.once('disconnect', () => process.exit())
