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
  readonly purpose: 'verify' | 'sign-in'
}

/** Mails a person the link that verifies the address and lets them in. */
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
    run: async ({ staffId, language, purpose }, { jobId }) => {
      const staff = await db
        .selectFrom('staff')
        .select(['name', 'email'])
        .where('id', '=', staffId)
        .executeTakeFirst()
      if (staff === undefined) return
      const url = await createSignInLink(db, {
        staffId,
        jobId,
        secret: settings.appSecret,
        publicUrl: settings.publicUrl,
      })
      const template = purpose === 'verify' ? verifyAddressMail : signInMail
      await mail.send({
        to: { name: staff.name, address: staff.email },
        ...template.render(language, { name: staff.name, url }),
        idempotencyKey: jobId,
      })
    },
  })
}
