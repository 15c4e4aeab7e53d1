import { transaction } from '@yuzuru/db'
import { enqueueMany } from '@yuzuru/jobs'
import type { App } from '../app.ts'
import { notFound } from '../web/invalid.ts'

/**
 * Approves a support plan and enqueues the reminders about it in the same transaction: they exist if,
 * and only if, the plan is approved.
 *
 * @throws {Invalid} when there is no such draft in the office
 */
export async function approvePlan(
  app: App,
  options: {
    readonly planId: string
    readonly officeId: string
    readonly notify: readonly string[]
  },
): Promise<void> {
  const { planId, officeId, notify } = options
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
    await enqueueMany(
      tx,
      app.jobs.remindStaff,
      notify.map((staffId) => ({ planId, staffId })),
    )
  })
}
