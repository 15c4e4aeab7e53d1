import { defineJob, type Job } from '@yuzuru/jobs'
import type { Storage } from '@yuzuru/storage'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'

export interface TidyDocumentPayload {
  readonly planId: string
  readonly key: string
}

/** How long an upload and its completion may take, in milliseconds, generously. */
export const UPLOAD_LIFE_MS: number = 60 * 60 * 1_000

/**
 * Deletes a stored document unless its plan points at it, and what is known of its upload. It is enqueued before a document is uploaded,
 * for when all that is over, so that whatever breaks off in between (the process, a lost answer) leaves
 * neither an object or parts that nobody points at nor a plan that points at none.
 */
export function tidyDocumentJob(db: Kysely<Schema>, storage: Storage): Job<TidyDocumentPayload> {
  return defineJob<TidyDocumentPayload>({
    name: 'tidy-document',
    timeoutMs: 60_000,
    run: async ({ planId, key }) => {
      // First, so that from now on no plan can be pointed at it.
      await db.deleteFrom('document_uploads').where('key', '=', key).execute()
      const plan = await db
        .selectFrom('plans')
        .select('document_key')
        .where('id', '=', planId)
        .executeTakeFirst()
      if (plan?.document_key === key) return
      await storage.delete(key)
      // The parts that a killed process has sent. No other upload has this key.
      await storage.sweepUploads({ prefix: key, olderThanMs: 0 })
    },
  })
}
