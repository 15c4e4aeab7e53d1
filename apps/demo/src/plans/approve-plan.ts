import { repository, tableOf, transaction } from '@yuzuru/db'
import { enqueue, enqueueMany } from '@yuzuru/jobs'
import type { App } from '../app.ts'
import { type Staff, staffIds } from '../offices/staff.ts'
import type { Schema } from '../schema.ts'
import { notFound } from '../web/invalid.ts'
import type { Plan } from './plans.ts'

const plans = repository(tableOf<Schema>()('plans'))

/**
 * Approves a support plan and enqueues a reminder for each member of the office's staff in the same
 * transaction: they exist if, and only if, the plan is approved, and so is it counted at Stripe. It only writes rows, a page of staff at a
 * time; the worker sends the mails, each in its own job.
 *
 * @returns the plan as the database has it once that is committed (`db.commit()`, `db.refresh(plan)`)
 * @throws {Invalid} when the plan is no longer a draft
 */
export async function approvePlan(app: App, manager: Pick<Staff, 'id'>, plan: Plan): Promise<Plan> {
  const { id: planId, office_id: officeId } = plan
  const approvedAt = new Date()
  await transaction(app.db, async (tx) => {
    const draft = await tx
      .updateTable('plans')
      .set({ status: 'approved', approved_by: manager.id, approved_at: approvedAt })
      .where('id', '=', planId)
      .where('office_id', '=', officeId)
      .where('status', '=', 'draft')
      .returning('id')
      .executeTakeFirst()
    if (draft === undefined) {
      throw notFound('planId', {
        ja: '承認できる計画が見つかりません',
        en: 'names no draft of this office',
      })
    }
    const counted = { officeId, planId, approvedAt: approvedAt.toISOString() }
    await enqueue(tx, app.jobs.countApproval, counted)
    for await (const page of staffIds(tx, officeId)) {
      await enqueueMany(
        tx,
        app.jobs.remindStaff,
        page.map((staffId) => ({ planId, staffId })),
      )
    }
  })
  return await plans.refresh(app.db, plan)
}
