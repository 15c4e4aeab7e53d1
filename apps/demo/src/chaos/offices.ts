import { randomUUID } from 'node:crypto'
import { transaction } from '@yuzuru/db'
import { createHttp } from '@yuzuru/http'
import type { App } from '../app.ts'
import { hiddenFields } from '../day/hidden-fields.ts'
import { offices } from '../offices/offices.ts'
import { createStaff } from '../offices/staff.ts'
import { createSecretToken } from '../web/secret-token.ts'

/** An office, and its manager's way in. */
export interface Office {
  readonly id: string
  readonly email: string
  /** What the session cookie holds. */
  readonly session: string
}

const SESSION_MS = 24 * 60 * 60 * 1_000

/** Makes an office whose manager is signed in. */
export async function openOffice({ db }: Pick<App, 'db'>, name: string): Promise<Office> {
  const email = `${name}@example.jp`
  const { token, hash } = createSecretToken()
  return await transaction(db, async (tx) => {
    const { id } = await offices.create(tx, { name })
    const staff = await createStaff(tx, { name, email }, { office_id: id, role: 'manager' })
    await tx
      .insertInto('sessions')
      .values({
        token_hash: hash,
        staff_id: staff.id,
        expires_at: new Date(Date.now() + SESSION_MS),
      })
      .execute()
    return { id, email, session: token }
  })
}

/** Has the office's manager allow the app into a calendar. */
export async function connectCalendar(
  { calendar, settings }: Pick<App, 'calendar' | 'settings'>,
  office: Office,
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
