import type { Sandbox } from '@yuzuru/sandbox'
import type { App } from '../src/app.ts'
import { hiddenFields } from '../src/day/hidden-fields.ts'
import { type Visit, Visitor } from '../src/day/visitor.ts'
import { registerOffice } from '../src/offices/offices.ts'
import type { Staff } from '../src/offices/staff.ts'
import { createSecretToken } from '../src/web/secret-token.ts'

/** The link in the newest mail to an address, once there are `count` of them. */
export async function linkFor({ smtp }: Sandbox, email: string, count = 1): Promise<URL> {
  const mails = await smtp.inbox.waitForCount(count, { to: email }, { timeoutMs: 20_000 })
  return new URL(/http:\S+\/verify\?token=\S+/.exec(mails.at(-1)?.text ?? '')?.[0] ?? '')
}

/** Opens the link and presses the button. */
export async function followLink(visitor: Visitor, link: URL): Promise<Visit> {
  const page = await visitor.get(link)
  return await visitor.submit('/verify', hiddenFields(page.text))
}

/** Signs a person in, without a mail. Gives the token for the session cookie. */
export async function openSession(
  { db }: Pick<App, 'db'>,
  { id }: Pick<Staff, 'id'>,
): Promise<string> {
  const { token, hash } = createSecretToken()
  const expiresAt = new Date(Date.now() + 3_600_000)
  const session = { token_hash: hash, staff_id: id, expires_at: expiresAt }
  await db.insertInto('sessions').values(session).execute()
  return token
}

/** A new office, whose manager is signed in. */
export async function signedIn(
  { app, url }: { readonly app: App; readonly url: string },
  email: string,
): Promise<{ readonly staff: Staff; readonly visitor: Visitor; readonly token: string }> {
  const registration = { officeName: 'ゆずるの里', staffName: '佐藤 花子', email }
  const staff = await registerOffice(app, registration, 'ja')
  const token = await openSession(app, staff)
  const visitor = new Visitor(url, { session: token })
  return { staff, visitor, token }
}
