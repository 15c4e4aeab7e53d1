import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../test/open-test-app.ts'
import { followLink, linkFor } from '../test/sign-in.ts'
import { Visitor } from './day/visitor.ts'

const PATHS = `
  / /home /register /sign-in /verify /verify?token=%00 /%E0%A4%A /nope /inbox /jobs /jobs/x /mails /mails/x
  /plans /plans/x /plans/PLAN /plans/PLAN/approve /plans/PLAN/meeting /plans/PLAN/document
  /plans/00000000-0000-0000-0000-000000000000
  /api/v1/plans/PLAN/uploads /api/v1/plans/PLAN/uploads/x /api/v1/plans/PLAN/uploads/x/complete /upload/x /upload/..%2Fx
  /day /day/start /day/cancel /api/v1/plans/PLAN/document /api/v1/plans/PLAN/approve /api/v1/plans/%ff/document /api/v1/requests /api/v1/billing/status
  /requests /requests/x/decision /billing /billing/checkout /billing/portal /billing/retry /billing/cancel /billing/resume /webhooks/stripe /webhooks/google /webhooks/google?place=x
  /plans/PLAN/meeting?day=2026-99-99 /plans/PLAN/meeting?day=%00 /calendar?done=%00 /inbox?q=%00 /tree /tree/example /live.js /faults /faults/x
  /calendar /calendar/connect /calendar/callback /calendar/callback?state=a&code=${'c'.repeat(5_000)}
  /calendar/callback?error=access_denied&state=zzzzzzzzzzzzzzzzzzzzzzzz
`
  .trim()
  .split(/\s+/)

const FORM = 'application/x-www-form-urlencoded'

const BODIES: readonly (readonly [type: string, body: string])[] = [
  ['application/json', '{'],
  ['application/json', '[]'],
  ['application/json', '{"title":{"a":1},"email":[1],"status":7}'],
  [
    FORM,
    'title=%00&email=a&startsAt=2020-01-01T00:00&repeats=zzz&attempt=&kind=zzz&status=x&notify=y',
  ],
  [FORM, `title=${'あ'.repeat(500)}&staffName=<b>&startsAt=zz&attempt=${'z'.repeat(300)}`],
  [FORM, 'a'.repeat(400_000)],
  ['multipart/form-data; boundary=x', 'garbage'],
  ['text/plain', 'hello'],
  ['application/pdf', '%PDF'],
]

let app: TestApp
beforeAll(async () => {
  app = await openTestApp()
})
afterAll(() => app[Symbol.asyncDispose]())

test('no wrong input to any endpoint, with a session or without, gets a 5xx or no answer', async () => {
  await using stranger = new Visitor(app.url)
  await using staff = new Visitor(app.url)
  const email = 'hostile@example.jp'
  await staff.submit('/register', { officeName: '事業所', staffName: '職員', email })
  await followLink(staff, await linkFor(app.sandbox, email))
  const key = randomUUID()
  const created = await staff.submit('/plans', { key, title: '計画' })
  const plan = created.url.pathname.split('/').at(-1) ?? ''

  const wrong: string[] = []
  let refused = 0
  for (const visitor of [stranger, staff]) {
    for (const path of PATHS.map((each) => each.replace('PLAN', plan))) {
      for (const method of ['POST', 'PUT', 'GET', 'DELETE']) {
        const bodies = method === 'POST' || method === 'PUT' ? BODIES : [undefined]
        for (const body of bodies) {
          const init = body && { headers: { 'content-type': body[0] }, body: body[1] }
          const { status } = await visitor.send(path, { method, ...init })
          if (status >= 500) wrong.push(`${status} ${method} ${path} ${body?.[0]}`)
          if (status >= 400) refused += 1
        }
      }
    }
  }
  expect(wrong).toEqual([])
  expect(refused).toBeGreaterThan(1_000)
})
