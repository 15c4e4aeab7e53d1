import { afterCommit, databaseOf } from '@yuzuru/db'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { announcerOf } from './announcer.ts'

/** How the workers hear of a job that is being made. */
export interface Announcement {
  /** Whether the statement that makes it is to notify. */
  readonly inStatement: boolean
  /** To be called once the statement was run. */
  readonly made: () => void
}

/**
 * Decides how the workers hear of a job: by its own statement, when that has not happened for a while, and
 * otherwise after the commit, together with others. Of a transaction whose commit is not seen (Kysely's own)
 * they then do not hear: they find the job when they next look.
 *
 * @param payload that of the notification
 */
export function announce(db: QueryExecutorProvider, payload: string = ''): Announcement {
  const announcer = announcerOf(db)
  if (announcer.takeTurn()) return { inStatement: true, made: () => undefined }
  if (!isTransaction(db)) return { inStatement: false, made: () => announcer.soon(db, payload) }
  const database = databaseOf(db)
  const made = (): void => {
    if (database !== undefined) onceCommitted(db, () => announcer.soon(database, payload))
  }
  return { inStatement: false, made }
}

function onceCommitted(tx: Transaction<unknown>, fn: () => void): void {
  try {
    afterCommit(tx, fn)
  } catch (error) {
    // A transaction of Kysely's own, on a database of ours.
    if (!(error instanceof TypeError)) throw error
  }
}

function isTransaction(db: QueryExecutorProvider): db is Transaction<unknown> {
  return 'isTransaction' in db && db.isTransaction === true
}
