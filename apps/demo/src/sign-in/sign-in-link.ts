import { createHmac } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { hashToken } from '../web/secret-token.ts'

const LIFETIME_MS = 24 * 60 * 60 * 1_000

/**
 * Makes the link that lets one person in, once, within a day. The token is derived from the job that
 * asks for it, so that a job that is run again sends the same link.
 */
export async function createSignInLink(
  db: Kysely<Schema>,
  options: {
    readonly staffId: string
    readonly jobId: string
    readonly secret: string
    readonly publicUrl: string
  },
): Promise<string> {
  const token = createHmac('sha256', options.secret)
    .update(`sign-in link of job ${options.jobId}`)
    .digest('base64url')
  await db
    .insertInto('sign_in_links')
    .values({
      token_hash: hashToken(token),
      staff_id: options.staffId,
      expires_at: new Date(Date.now() + LIFETIME_MS),
      used_at: null,
    })
    .onConflict((conflict) => conflict.column('token_hash').doNothing())
    .execute()
  return new URL(`/verify?token=${token}`, options.publicUrl).href
}
