import { createHmac } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { Invalid } from '../web/invalid.ts'
import { hashToken } from '../web/secret-token.ts'

/** How long a link holds, in milliseconds. */
const LIFETIME_MS = 60 * 60 * 1_000

/**
 * Makes the link that lets one person in, once, within an hour. A newer one takes its place: a person has
 * one that is valid. The token is derived from the job that asks for it, so that a job that is run again
 * sends the same link.
 *
 * @returns `undefined` when a newer link was asked for, or this one was used
 */
export async function createSignInLink(
  db: Kysely<Schema>,
  options: {
    readonly staffId: string
    readonly jobId: string
    readonly requestedAt: Date
    readonly secret: string
    readonly publicUrl: string
  },
): Promise<string | undefined> {
  const token = createHmac('sha256', options.secret)
    .update(`sign-in link of job ${options.jobId}`)
    .digest('base64url')
  const link = {
    token_hash: hashToken(token),
    requested_at: options.requestedAt,
    expires_at: new Date(Date.now() + LIFETIME_MS),
    used_at: null,
  }
  await db
    .insertInto('sign_in_links')
    .values({ staff_id: options.staffId, ...link })
    .onConflict((conflict) =>
      conflict
        .column('staff_id')
        .doUpdateSet(link)
        .where('sign_in_links.requested_at', '<', options.requestedAt),
    )
    .execute()
  const valid = await findLink(db, token)
  return valid && new URL(`/verify?token=${token}`, options.publicUrl).href
}

/** Whom a link would let in. Looking uses nothing up: mail scanners follow links, too. */
export async function findLink(
  db: Kysely<Schema>,
  token: string,
): Promise<{ readonly email: string } | undefined> {
  return await db
    .selectFrom('sign_in_links')
    .innerJoin('staff', 'staff.id', 'sign_in_links.staff_id')
    .select('staff.email')
    .where('token_hash', '=', hashToken(token))
    .where('used_at', 'is', null)
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
}

export function linkIsOver(): Invalid {
  const text = {
    ja: 'このリンクは無効か、使用済みか、期限切れです。もう一度ログインメールを送ってください',
    en: 'is invalid, used or expired: ask for another sign-in mail',
  }
  return new Invalid([{ field: 'token', text }], 410)
}
