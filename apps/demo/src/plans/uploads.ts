import { randomUUID } from 'node:crypto'
import { transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import { type PresignedUpload, StorageError } from '@yuzuru/storage'
import type { Selectable, Transaction } from 'kysely'
import type { App } from '../app.ts'
import type { DocumentUploadsTable, Schema } from '../schema.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid, notFound } from '../web/invalid.ts'
import { noteDocument } from './attach-document.ts'
import { MAX_DOCUMENT_BYTES, PdfBody, tooLarge } from './pdf-body.ts'
import { type Plan } from './plans.ts'
import { UPLOAD_LIFE_MS } from './tidy-document.ts'

/** How long a part's URL holds, in seconds. The page asks for new ones after that. */
const URL_SECONDS = 15 * 60

/** How large a part is, in bytes: what is sent again when the connection is lost. The least that S3 allows. */
const PART_BYTES = 5 * 1_024 * 1_024

/** How many uploads of a plan may be under way at once. */
const MOST_OPEN = 20

type Upload = Selectable<DocumentUploadsTable>

/** An upload as the page gets it: what says where it goes stays here. */
export interface GrantedUpload {
  readonly id: string
  readonly upload: Omit<PresignedUpload, 'token'>
}

/**
 * Lets a browser send a document of a plan straight to the store, in parts that are bound to their size. Asked for
 * the same file again, while its upload is under way, it gives that one, with the parts that have arrived: so a page
 * that lost its connection, or was loaded again, sends only the rest.
 *
 * @throws {Invalid} when a field is wrong, the document is too large, or too many are under way
 */
export async function beginUpload(app: App, plan: Plan, input: Input): Promise<GrantedUpload> {
  const { filename, bytes, sha256 } = readUpload(input)
  const open = await app.db
    .selectFrom('document_uploads')
    .selectAll()
    .where('plan_id', '=', plan.id)
    .where('key', 'is distinct from', plan.document_key)
    .orderBy('created_at', 'desc')
    .execute()
  const same = open.find((each) => {
    return each.sha256 === sha256 && each.bytes === bytes && each.filename === filename
  })
  if (same !== undefined) {
    const granted = await grant(app, same).catch((error: unknown) => {
      // It has been swept, or its object is there and was refused: another one begins.
      if (StorageError.isInstance(error) && error.code === 'not_found') return undefined
      throw error
    })
    if (granted !== undefined) return granted
  }
  if (open.length >= MOST_OPEN) throw tooMany()
  const key = `plans/${plan.id}/${randomUUID()}.pdf`
  await enqueue(
    app.db,
    app.jobs.tidyDocument,
    { planId: plan.id, key },
    { delayMs: UPLOAD_LIFE_MS },
  )
  const { token, ...upload } = await app.storage.presignUpload(key, {
    bytes,
    maxBytes: MAX_DOCUMENT_BYTES,
    partSizeBytes: PART_BYTES,
    contentType: 'application/pdf',
    disposition: 'inline',
    filename,
    // Else its URL, which holds for a while, could put another file in the place of the one that was looked at.
    ifNoneMatch: '*',
    expiresInSeconds: URL_SECONDS,
  })
  const row = { plan_id: plan.id, key, token, filename, bytes, sha256 }
  const { id } = await app.db
    .insertInto('document_uploads')
    .values(row)
    .returning('id')
    .executeTakeFirstOrThrow()
  return { id, upload }
}

/** Signs the parts of an upload anew, and says which have arrived. */
export async function renewUpload(app: App, plan: Plan, id: string): Promise<GrantedUpload> {
  return await grant(app, await findUpload(app, plan, id)).catch((error: unknown) => {
    if (StorageError.isInstance(error) && error.code === 'not_found') throw uploadNotFound()
    throw error
  })
}

/**
 * Makes an object of what was sent, looks at all of it as it does at a document that comes through the app, and notes
 * it in the plan. What is not what it was said to be is removed. May be called again, should its answer be lost.
 *
 * @throws {Invalid} when a part is missing, when it is no PDF, or not the file that was announced
 */
export async function completeUpload(
  app: App,
  plan: Plan,
  id: string,
  { etags }: Input,
): Promise<Plan> {
  const upload = await findUpload(app, plan, id)
  if (plan.document_key === upload.key) return plan
  const given: readonly unknown[] = Array.isArray(etags) ? etags : []
  const marks = given.map((etag) => (typeof etag === 'string' ? etag : ''))
  await app.storage.completeUpload(upload.token, marks).catch((error: unknown) => {
    if (!StorageError.isInstance(error)) throw error
    if (error.code === 'incomplete_upload') throw incomplete()
    if (error.code === 'not_found') throw uploadNotFound()
    throw error
  })
  const { body, info } = await app.storage.download(upload.key)
  const pdf = new PdfBody(body)
  try {
    for await (const chunk of pdf) void chunk
    const { bytes, sha256 } = pdf.figures()
    const { contentType } = info
    if (bytes !== upload.bytes || sha256 !== upload.sha256 || contentType !== 'application/pdf') {
      throw notAsSaid()
    }
  } catch (error) {
    if (error instanceof Invalid) await discard(app, upload)
    throw error
  }
  const { key, filename, bytes, sha256 } = upload
  const document = { key, filename, bytes, sha256 }
  return await noteDocument(app, plan.id, document, (tx) => expectUpload(tx, id))
}

/** Keeps the upload until the transaction ends: the job that looks later takes it before it deletes the object. */
async function expectUpload(tx: Transaction<Schema>, id: string): Promise<void> {
  const rows = tx.selectFrom('document_uploads').select('id').where('id', '=', id).forUpdate()
  if ((await rows.executeTakeFirst()) === undefined) throw uploadNotFound()
}

/** At once, so that the same file may be sent anew; should that fail, the job that looks later does it. */
async function discard(app: App, { id, plan_id: planId, key }: Upload): Promise<void> {
  await transaction(app.db, async (tx) => {
    await tx.deleteFrom('document_uploads').where('id', '=', id).execute()
    await enqueue(tx, app.jobs.tidyDocument, { planId, key })
  })
}

async function grant({ storage }: App, { id, token }: Upload): Promise<GrantedUpload> {
  const options = { expiresInSeconds: URL_SECONDS }
  const { token: _, ...upload } = await storage.presignParts(token, options)
  return { id, upload }
}

async function findUpload({ db }: App, plan: Plan, id: string): Promise<Upload> {
  const fields = new Fields({ upload: id })
  const known = fields.uuid('upload')
  fields.check()
  const upload = await db
    .selectFrom('document_uploads')
    .selectAll()
    .where('id', '=', known)
    .where('plan_id', '=', plan.id)
    .executeTakeFirst()
  if (upload === undefined) throw uploadNotFound()
  return upload
}

function readUpload(input: Input): Pick<Upload, 'filename' | 'bytes' | 'sha256'> {
  const fields = new Fields({ ...input, filename: withoutFolders(input['filename']) })
  const filename = fields.text('filename', { max: 200 })
  const sha256 = fields.text('sha256', { max: 64 })
  fields.check()
  const { bytes } = input
  if (bytes === 0) {
    const text = { ja: 'ファイルが空です', en: 'is empty: choose a PDF file' }
    throw new Invalid([{ field: 'document', text }])
  }
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 1) {
    const text = { ja: 'ファイルの大きさが正しくありません', en: 'must be a number of bytes' }
    throw new Invalid([{ field: 'bytes', text }])
  }
  if (bytes > MAX_DOCUMENT_BYTES) throw tooLarge()
  if (!/^[\da-f]{64}$/.test(sha256)) {
    const text = { ja: 'SHA-256の形が正しくありません', en: 'must be a SHA-256 in hexadecimal' }
    throw new Invalid([{ field: 'sha256', text }])
  }
  return { filename, bytes, sha256 }
}

/** A name that a browser or a program gave, without what would make a path of it. */
export function withoutFolders(name: unknown): string {
  return typeof name === 'string' ? name.replaceAll(/[/\\]/g, '') : ''
}

function uploadNotFound(): Invalid {
  return notFound('upload', { ja: 'このアップロードはもうありません', en: 'is no longer there' })
}

function incomplete(): Invalid {
  const text = { ja: 'まだ届いていない部分があります', en: 'has parts that have not arrived' }
  return new Invalid([{ field: 'document', text }], 409)
}

function notAsSaid(): Invalid {
  const text = {
    ja: '届いた内容がファイルと違います。何も保存されていません',
    en: 'is not the file that was announced; nothing was stored',
  }
  return new Invalid([{ field: 'document', text }])
}

function tooMany(): Invalid {
  const text = {
    ja: '途中のアップロードが多すぎます。しばらくしてからお試しください',
    en: 'has too many uploads under way; try again later',
  }
  return new Invalid([{ field: 'document', text }], 429)
}
