import { randomUUID } from 'node:crypto'
import { outcomeOf, shield } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import type { Transaction } from 'kysely'
import type { App } from '../app.ts'
import type { Schema } from '../schema.ts'
import { Invalid } from '../web/invalid.ts'
import { type DocumentFigures, PdfBody } from './pdf-body.ts'
import { type Plan, planNotFound } from './plans.ts'
import { UPLOAD_LIFE_MS } from './tidy-document.ts'

const REMOVE_MS = 10_000

/** A document that is being received. */
export interface SentDocument {
  readonly filename: string
  readonly source: AsyncIterable<Uint8Array>
}

/**
 * Stores the document of a plan as it streams in, and then records it in the plan. If that fails, the plan
 * keeps its old document, and the new one is removed: at once if nothing was recorded, or by the later
 * clean-up job if that is unknown.
 *
 * @throws {Invalid} when it is no PDF, or too large, or the office has no such plan
 */
export async function attachDocument(app: App, plan: Plan, document: SentDocument): Promise<Plan> {
  const key = `plans/${plan.id}/${randomUUID()}.pdf`
  const { tidyDocument } = app.jobs
  await enqueue(app.db, tidyDocument, { planId: plan.id, key }, { delayMs: UPLOAD_LIFE_MS })
  const figures = await upload(app, key, document)
  try {
    return await noteDocument(app, plan.id, { key, filename: document.filename, ...figures })
  } catch (error) {
    const nothingNoted = error instanceof Invalid || outcomeOf(error) === 'none'
    if (nothingNoted) await remove(app, key)
    throw error
  }
}

/** If this fails, the later clean-up job removes it. The first error is the one that is thrown. */
async function remove(app: App, key: string): Promise<void> {
  await shield(() => app.storage.delete(key), { timeoutMs: REMOVE_MS }).catch(() => undefined)
}

async function upload(app: App, key: string, document: SentDocument): Promise<DocumentFigures> {
  const body = new PdfBody(document.source)
  await app.storage
    .upload(key, body, {
      contentType: 'application/pdf',
      disposition: 'inline',
      filename: document.filename,
    })
    .catch((error: unknown) => {
      // A body that was refused is the sender's mistake, not a failure of the storage.
      const { cause } = error instanceof Error ? error : {}
      throw cause instanceof Invalid ? cause : error
    })
  return body.figures()
}

/**
 * Points the plan at its new document; the one before is deleted if, and only if, that commits.
 *
 * @param expect throws if the document may have been removed meanwhile
 */
export async function noteDocument(
  app: App,
  planId: string,
  document: DocumentFigures & { readonly key: string; readonly filename: string },
  expect: (tx: Transaction<Schema>) => Promise<void> = async () => undefined,
): Promise<Plan> {
  return await transaction(app.db, async (tx) => {
    await expect(tx)
    const before = await tx
      .selectFrom('plans')
      .select('document_key')
      .where('id', '=', planId)
      .forUpdate()
      .executeTakeFirst()
    if (before === undefined) throw planNotFound()
    const updated = await tx
      .updateTable('plans')
      .set({
        document_key: document.key,
        document_name: document.filename,
        document_bytes: document.bytes,
        document_sha256: document.sha256,
      })
      .where('id', '=', planId)
      .returningAll()
      .executeTakeFirstOrThrow()
    if (before.document_key !== null) {
      await enqueue(tx, app.jobs.tidyDocument, { planId, key: before.document_key })
    }
    return updated
  })
}
