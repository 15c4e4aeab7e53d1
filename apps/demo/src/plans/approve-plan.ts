import { transaction } from '@yuzuru/db'
import { enqueueMany } from '@yuzuru/jobs'
import type { App } from '../app.ts'
import { staffIds } from '../offices/staff.ts'
import { notFound } from '../web/invalid.ts'

/**
 * Approves a support plan and enqueues a reminder for each member of the office's staff in the same
 * transaction: they exist if, and only if, the plan is approved. It only writes rows, a page of staff at
 * a time; the mails are sent by the worker, each by itself.
 *
 * @throws {Invalid} when there is no such draft in the office
 */
export async function approvePlan(
  app: App,
  { planId, officeId }: { readonly planId: string; readonly officeId: string },
): Promise<void> {
  await transaction(app.db, async (tx) => {
    const plan = await tx
      .updateTable('plans')
      .set({ status: 'approved' })
      .where('id', '=', planId)
      .where('office_id', '=', officeId)
      .where('status', '=', 'draft')
      .returning('id')
      .executeTakeFirst()
    if (plan === undefined) {
      throw notFound('planId', {
        ja: '承認できる計画が見つかりません',
        en: 'names no draft of this office',
      })
    }
    for await (const page of staffIds(tx, officeId)) {
      await enqueueMany(
        tx,
        app.jobs.remindStaff,
        page.map((staffId) => ({ planId, staffId })),
      )
    }
  })
}
