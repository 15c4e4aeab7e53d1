import { randomUUID } from 'node:crypto'
import { shield } from '@yuzuru/concurrency'
import type { Selectable } from 'kysely'
import type { App } from '../app.ts'
import type { PlansTable } from '../schema.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid, notFound } from '../web/invalid.ts'
import { PdfBody } from './pdf-body.ts'

export type Plan = Selectable<PlansTable>

const REMOVE_MS = 10_000

/** Begins a support plan. */
export async function createPlan(app: App, officeId: string, input: Input): Promise<Plan> {
  const fields = new Fields(input)
  const title = fields.text('title', { max: 200 })
  fields.check()
  return await app.db
    .insertInto('plans')
    .values({
      office_id: officeId,
      title,
      status: 'draft',
      document_key: null,
      document_name: null,
      document_bytes: null,
      document_sha256: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function listPlans(app: App, officeId: string): Promise<Plan[]> {
  return await app.db
    .selectFrom('plans')
    .selectAll()
    .where('office_id', '=', officeId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(100)
    .execute()
}

/** @throws {Invalid} when the office has no such plan */
export async function getPlan(app: App, officeId: string, planId: string): Promise<Plan> {
  const fields = new Fields({ planId })
  const id = fields.uuid('planId')
  fields.check()
  const plan = await app.db
    .selectFrom('plans')
    .selectAll()
    .where('id', '=', id)
    .where('office_id', '=', officeId)
    .executeTakeFirst()
  if (plan === undefined) throw planNotFound()
  return plan
}

/**
 * Stores the document of a plan as it streams in, and then notes it in the plan. If either fails the
 * plan keeps the document it had, and no half of the new one is left in the storage.
 *
 * @throws {Invalid} when it is no PDF, or too large, or the office has no such plan
 */
export async function attachDocument(
  app: App,
  plan: Plan,
  document: { readonly filename: string; readonly source: AsyncIterable<Uint8Array> },
): Promise<Plan> {
  const key = `plans/${plan.id}/${randomUUID()}.pdf`
  const body = new PdfBody(document.source)
  await app.storage
    .upload(key, body, {
      contentType: 'application/pdf',
      disposition: 'inline',
      filename: document.filename,
    })
    .catch((error: unknown) => {
      // What the body itself refused is the sender's to mend, not the storage's failure.
      const { cause } = error instanceof Error ? error : {}
      throw cause instanceof Invalid ? cause : error
    })
  const { bytes, sha256 } = body.figures()
  let updated: Plan | undefined
  try {
    updated = await app.db
      .updateTable('plans')
      .set({
        document_key: key,
        document_name: document.filename,
        document_bytes: bytes,
        document_sha256: sha256,
      })
      .where('id', '=', plan.id)
      .returningAll()
      .executeTakeFirst()
    if (updated === undefined) throw planNotFound()
  } catch (error) {
    await shield(() => app.storage.delete(key), { timeoutMs: REMOVE_MS })
    throw error
  }
  if (plan.document_key !== null) await app.storage.delete(plan.document_key)
  return updated
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

function planNotFound(): Invalid {
  return notFound('planId', { ja: '計画が見つかりません', en: 'names no plan of this office' })
}
