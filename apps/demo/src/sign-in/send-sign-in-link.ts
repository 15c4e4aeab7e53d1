import { defineJob, type Job } from '@yuzuru/jobs'
import type { Mail } from '@yuzuru/mail'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import type { Settings } from '../settings.ts'
import type { Language } from '../web/language.ts'
import { createSignInLink } from './sign-in-link.ts'
import { signInMail, verifyAddressMail } from './sign-in-mail.ts'

export interface SignInLinkPayload {
  readonly staffId: string
  readonly language: Language
}

/**
 * Mails a person the link that lets them in, and verifies the address. As long as it is not verified, a
 * stranger may have typed both the address and the name: the mail says nothing that was typed.
 */
export function sendSignInLinkJob(
  db: Kysely<Schema>,
  mail: Mail,
  settings: Settings,
): Job<SignInLinkPayload> {
  return defineJob<SignInLinkPayload>({
    name: 'send-sign-in-link',
    timeoutMs: 30_000,
    // A person is waiting for it.
    priority: -10,
    run: async ({ staffId, language }, { jobId, enqueuedAt }) => {
      const staff = await db
        .selectFrom('staff')
        .select(['name', 'email', 'verified_at'])
        .where('id', '=', staffId)
        .executeTakeFirst()
      if (staff === undefined) return
      const url = await createSignInLink(db, {
        staffId,
        jobId,
        requestedAt: enqueuedAt,
        secret: settings.appSecret,
        publicUrl: settings.publicUrl,
      })
      if (url === undefined) return
      const { name, email: address } = staff
      const letter =
        staff.verified_at === null
          ? { to: address, ...verifyAddressMail.render(language, { url }) }
          : { to: { name, address }, ...signInMail.render(language, { name, url }) }
      await mail.send({ ...letter, idempotencyKey: jobId })
    },
  })
}
