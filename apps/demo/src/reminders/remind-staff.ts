import { defineJob, type Job } from '@yuzuru/jobs'
import { defineTemplate, type Mail } from '@yuzuru/mail'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import type { Settings } from '../settings.ts'

export interface ReminderPayload {
  readonly planId: string
  readonly staffId: string
}

interface ReminderData {
  readonly name: string
  readonly title: string
  readonly url: string
}

/** Says that a plan was approved. */
export const reminderMail = defineTemplate(
  {
    ja: {
      subject: ({ title }: ReminderData) => `【ケイカくん】支援計画が承認されました: ${title}`,
      text: ({ name, title, url }: ReminderData) =>
        `${name} 様\n\n支援計画「${title}」が承認されました。次回の会議までにご確認ください。\n\n${url}\n\nけいかくん`,
    },
  },
  {
    name: 'plan-approved',
    sample: { name: '佐藤 花子', title: '個別支援計画', url: 'https://keikaku.example.jp/plans/1' },
  },
)

/** Tells one member of staff that a plan was approved. A repeat carries the same Message-ID. */
export function remindStaffJob(
  db: Kysely<Schema>,
  mail: Mail,
  settings: Settings,
): Job<ReminderPayload> {
  return defineJob<ReminderPayload>({
    name: 'remind-staff',
    timeoutMs: 30_000,
    run: async ({ planId, staffId }, { jobId }) => {
      const about = await db
        .selectFrom('staff')
        .innerJoin('office_associations', 'office_associations.staff_id', 'staff.id')
        .innerJoin('plans', 'plans.office_id', 'office_associations.office_id')
        .select(['staff.name', 'staff.email', 'plans.title'])
        .where('staff.id', '=', staffId)
        .where('plans.id', '=', planId)
        .executeTakeFirst()
      if (about === undefined) return
      const url = new URL(`/plans/${planId}`, settings.publicUrl).href
      await mail.send({
        to: { name: about.name, address: about.email },
        ...reminderMail.render('ja', { name: about.name, title: about.title, url }),
        idempotencyKey: jobId,
      })
    },
  })
}
