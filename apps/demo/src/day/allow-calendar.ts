import { randomUUID } from 'node:crypto'
import { createHttp } from '@yuzuru/http'
import type { App } from '../app.ts'
import { hiddenFields } from './hidden-fields.ts'

/** Has a person allow the app into their calendar on Google's page, which becomes the office's. */
export async function allowCalendar(
  { calendar, settings }: Pick<App, 'calendar' | 'settings'>,
  office: { readonly id: string; readonly email: string },
): Promise<void> {
  const { origin } = new URL(settings.google.authUrl)
  const url = await calendar.authorizeUrl({
    reference: office.id,
    state: randomUUID() + randomUUID(),
    loginHint: office.email,
  })
  await using google = createHttp({ origin, retry: false })
  const page = await (await google.request(url)).text()
  const fields = { ...hiddenFields(page), email: office.email, decision: 'allow' }
  const answer = await google.request('/o/oauth2/v2/auth', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    redirect: 'manual',
    acceptStatus: () => true,
  })
  const { searchParams } = new URL(answer.headers.get('location') ?? '')
  const state = searchParams.get('state') ?? ''
  await calendar.exchange({ reference: office.id, state, code: searchParams.get('code') ?? '' })
}
