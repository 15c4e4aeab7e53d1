import { transaction } from '@yuzuru/db'
import type { Kysely } from 'kysely'
import { selectStaff, type Staff } from '../offices/staff.ts'
import type { Schema } from '../schema.ts'
import { createSecretToken, hashToken } from '../web/secret-token.ts'
import { linkIsOver } from './sign-in-link.ts'

const LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000

/** How long a session cookie holds, in seconds. */
export const SESSION_SECONDS: number = LIFETIME_MS / 1_000

/**
 * Uses up the token of a sign-in link: the address is verified, and a session begins.
 *
 * @returns the token for the session cookie
 * @throws {Invalid} when the token is unknown, used or expired
 */
export async function openSession(db: Kysely<Schema>, linkToken: string): Promise<string> {
  return await transaction(db, async (tx) => {
    const link = await tx
      .updateTable('sign_in_links')
      .set({ used_at: new Date() })
      .where('token_hash', '=', hashToken(linkToken))
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date())
      .returning('staff_id')
      .executeTakeFirst()
    if (link === undefined) throw linkIsOver()
    await tx
      .updateTable('staff')
      .set({ verified_at: new Date() })
      .where('id', '=', link.staff_id)
      .where('verified_at', 'is', null)
      .execute()
    const { token, hash } = createSecretToken()
    await tx
      .insertInto('sessions')
      .values({
        token_hash: hash,
        staff_id: link.staff_id,
        expires_at: new Date(Date.now() + LIFETIME_MS),
      })
      .execute()
    return token
  })
}

/** Who holds the session cookie, if it is good. */
export async function staffOfSession(
  db: Kysely<Schema>,
  token: string | undefined,
): Promise<Staff | undefined> {
  if (token === undefined) return undefined
  return await selectStaff(db)
    .innerJoin('sessions', 'sessions.staff_id', 'staff.id')
    .where('office_associations.is_primary', '=', true)
    .where('sessions.token_hash', '=', hashToken(token))
    .where('sessions.expires_at', '>', new Date())
    .executeTakeFirst()
}

export async function closeSession(db: Kysely<Schema>, token: string | undefined): Promise<void> {
  if (token === undefined) return
  await db.deleteFrom('sessions').where('token_hash', '=', hashToken(token)).execute()
}
