/** A person's consent, and a meeting that is made once, on Google's stand-in. */
import { createCalendar } from '@yuzuru/calendar'
import { memoryCalendarStore, plainCipher } from '@yuzuru/calendar/testing'
import { startGoogle } from '@yuzuru/sandbox'

await using google = await startGoogle()
const { clientId, clientSecret, authUrl, tokenUrl, revokeUrl, calendarUrl } = google
await using calendar = createCalendar({
  clientId,
  clientSecret,
  redirectUri: 'http://127.0.0.1/callback',
  store: memoryCalendarStore({ cipher: plainCipher() }),
  endpoints: { authUrl, tokenUrl, revokeUrl, apiRoot: calendarUrl },
})

const url = new URL(await calendar.authorizeUrl({ reference: 'staff-3' }))
// A browser shows this page; the person presses "allow", and comes back with a code.
const form = new URLSearchParams(url.search)
form.append('email', 'hana@example.jp')
form.append('decision', 'allow')
const pressed = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
const back = new URL(pressed.headers.get('location') ?? '').searchParams
const state = back.get('state') ?? ''
await calendar.exchange({ reference: 'staff-3', state, code: back.get('code') ?? '' })

const meeting = {
  idempotencyKey: 'meeting:plan-7',
  summary: '支援会議',
  start: new Date('2099-04-01T10:00:00+09:00'),
  end: new Date('2099-04-01T11:00:00+09:00'),
}
const first = await calendar.events.create('staff-3', meeting)
const again = await calendar.events.create('staff-3', meeting)
console.log(first.created, again.created)
console.log(google.events('hana@example.jp').length)

// Prints:
//   true false
//   1
