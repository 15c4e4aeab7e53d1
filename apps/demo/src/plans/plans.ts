import type { Kysely, Selectable } from 'kysely'
import type { App } from '../app.ts'
import type { PlansTable, Schema } from '../schema.ts'
import { Fields, type Input } from '../web/fields.ts'
import { type Invalid, notFound } from '../web/invalid.ts'

export type Plan = Selectable<PlansTable>

/** Begins a support plan. */
export async function createPlan(
  db: Kysely<Schema>,
  officeId: string,
  input: Input,
): Promise<Plan> {
  const fields = new Fields(input)
  const title = fields.text('title', { max: 200 })
  fields.check()
  return await db
    .insertInto('plans')
    .values({
      office_id: officeId,
      title,
      status: 'draft',
      document_key: null,
      document_name: null,
      document_bytes: null,
      document_sha256: null,
      approved_by: null,
      approved_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** A plan as a page shows it. */
export interface ListedPlan extends Plan {
  /** Who approved it. */
  readonly approver: string | null
}

export async function listPlans(app: App, officeId: string): Promise<ListedPlan[]> {
  return await selectPlans(app, officeId)
    .orderBy('plans.created_at', 'desc')
    .orderBy('plans.id')
    .limit(100)
    .execute()
}

/** @throws {Invalid} when the office has no such plan */
export async function getPlan(app: App, officeId: string, planId: string): Promise<ListedPlan> {
  const fields = new Fields({ planId })
  const id = fields.uuid('planId')
  fields.check()
  const plan = await selectPlans(app, officeId).where('plans.id', '=', id).executeTakeFirst()
  if (plan === undefined) throw planNotFound()
  return plan
}

function selectPlans({ db }: App, officeId: string) {
  return db
    .selectFrom('plans')
    .leftJoin('staff as approver', 'approver.id', 'plans.approved_by')
    .selectAll('plans')
    .select('approver.name as approver')
    .where('plans.office_id', '=', officeId)
}

/** A link that opens the plan's document in the browser, under its own name, for a while. */
export async function documentLink(
  app: App,
  plan: Plan,
  expiresInSeconds: number,
): Promise<string> {
  if (plan.document_key === null) {
    throw notFound('document', { ja: '文書がまだありません', en: 'has not been uploaded yet' })
  }
  const { url } = await app.storage.presignGet(plan.document_key, {
    expiresInSeconds,
    disposition: 'inline',
    contentType: 'application/pdf',
    ...(plan.document_name === null ? {} : { filename: plan.document_name }),
  })
  return url
}

export function planNotFound(): Invalid {
  return notFound('planId', { ja: '計画が見つかりません', en: 'names no plan of this office' })
}
