import type { Billing } from '@yuzuru/billing'
import { defineJob, enqueue, type Job } from '@yuzuru/jobs'
import { defineTemplate, type Mail } from '@yuzuru/mail'
import type { Kysely, Transaction } from 'kysely'
import type { Schema } from '../schema.ts'
import type { Settings } from '../settings.ts'
import type { SeatsPayload } from './seats.ts'

/** What a mail to the managers of an office may be about. */
const ABOUT = ['payment_failed', 'trial_ending', 'second_subscription'] as const

/** What a mail to the managers of an office is about. */
export interface BillingNoticePayload {
  readonly officeId: string
  readonly about: (typeof ABOUT)[number]
}

interface NoticeData {
  readonly name: string
  readonly url: string
}

const SAMPLE: NoticeData = { name: '佐藤 花子', url: 'https://keikaku.example.jp/billing' }

const failed = defineTemplate(
  {
    ja: {
      subject: () => '【ケイカくん】お支払いを確認できませんでした',
      text: ({ name, url }: NoticeData) =>
        `${name} 様\n\nお支払いを確認できませんでした。カードをご確認のうえ、もう一度お試しください。\n\n${url}\n\nけいかくん`,
    },
  },
  { name: 'payment-failed', sample: SAMPLE },
)

const ending = defineTemplate(
  {
    ja: {
      subject: () => '【ケイカくん】無料お試しがまもなく終わります',
      text: ({ name, url }: NoticeData) =>
        `${name} 様\n\n無料お試しがまもなく終わります。続けてお使いいただくには、お支払い方法をご登録ください。\n\n${url}\n\nけいかくん`,
    },
  },
  { name: 'trial-ending', sample: SAMPLE },
)

const second = defineTemplate(
  {
    ja: {
      subject: () => '【ケイカくん】重複していたご契約を終了しました',
      text: ({ name, url }: NoticeData) =>
        `${name} 様\n\nご契約が2件になっていたため、1件を終了しました。もう1件のご契約は、これまでどおりお使いいただけます。重複してお支払いいただいた分については、担当よりご連絡いたします。\n\n${url}\n\nけいかくん`,
    },
  },
  { name: 'second-subscription', sample: SAMPLE },
)

const TEMPLATES = {
  payment_failed: failed,
  trial_ending: ending,
  second_subscription: second,
} as const

/** The mails to the managers of an office. */
export const noticeMails = [failed, ending, second] as const

/** Sends a mail to each manager of an office. A retry has the same Message-IDs. */
export function billingNoticeJob(
  db: Kysely<Schema>,
  mail: Mail,
  settings: Settings,
): Job<BillingNoticePayload> {
  return defineJob<BillingNoticePayload>({
    name: 'billing-notice',
    timeoutMs: 30_000,
    run: async ({ officeId, about }, { jobId }) => {
      const managers = await db
        .selectFrom('staff')
        .innerJoin('office_associations', 'office_associations.staff_id', 'staff.id')
        .select(['staff.id', 'staff.name', 'staff.email'])
        .where('office_associations.office_id', '=', officeId)
        .where('office_associations.role', '=', 'manager')
        .execute()
      const url = new URL('/billing', settings.publicUrl).href
      const template = TEMPLATES[about]
      for (const { id, name, email } of managers) {
        await mail.send({
          to: { name, address: email },
          ...template.render('ja', { name, url }),
          idempotencyKey: `${jobId} ${id}`,
        })
      }
    },
  })
}

/** Enqueues what follows from a change, if, and only if, the change commits. */
export function announce(
  billing: Billing<Transaction<Schema>>,
  {
    notice,
    seats,
  }: { readonly notice: Job<BillingNoticePayload>; readonly seats: Job<SeatsPayload> },
): void {
  for (const about of ABOUT) {
    billing.on(about, async ({ reference: officeId }, tx) => {
      await enqueue(tx, notice, { officeId, about })
    })
  }
  // People may have come since the checkout was opened, and a contract of the dashboard knows of none.
  billing.on('activated', async ({ reference: officeId }, tx) => {
    await enqueue(tx, seats, { officeId })
  })
}
