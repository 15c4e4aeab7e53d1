import { currentSignal } from '@yuzuru/concurrency'
import { expected, orAborted, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import type { QueryExecutorProvider } from 'kysely'
import {
  type EnqueueManyOptions,
  type EnqueueOptions,
  groupOf,
  keyOf,
  type OfPayload,
  planOf,
  tagsOf,
  tenantOf,
} from './enqueue-options.ts'
import { insertRows } from './insert-rows.ts'
import type { JobHandle, NewRow } from './new-row.ts'
import { newJobId } from '../job/job-id.ts'
import type { Job } from '../job/job.ts'
import type { CronOrigin } from '../job/origin.ts'
import { expectDatabase } from '../database/execute.ts'
import { serialise } from '../job/payload.ts'
import { isPromise, PayloadRefusal } from '../job/payload-schema.ts'
import { payloadOf } from '../job/payload-version.ts'

/** The most rows and payload bytes of one statement. */
const CHUNK_ROWS = 10_000
const CHUNK_BYTES = 4_194_304

/**
 * Enqueues a job. Given a transaction, the job exists if, and only if, that commits; the workers wake then.
 *
 * Without a transaction and without a key, a call whose answer was lost (`outcome: 'unknown'`) may
 * have enqueued the job, and repeating it may enqueue another. Not for large data: a payload has at most
 * 1 MiB of JSON, so store the data and pass its key.
 *
 * @throws {TypeError} before any I/O, when the payload is not accepted by the job or is no JSON, or an option
 *   is unknown or out of its range
 * @throws {JobError} `'conflict'` when the key changed hands too often meanwhile; try again
 * @throws {JobError | DbError} when the database fails
 * @example
 * await transaction(db, async (tx) => {
 *   await plans.update(tx, planId, { status: 'approved' })
 *   await enqueue(tx, remindStaff, { planId }, { delayMs: 60_000 })
 * })
 */
export async function enqueue<Input, DB>(
  db: Queryable<DB>,
  job: Job<Input, unknown>,
  payload: NoInfer<Input>,
  options: EnqueueOptions = {},
): Promise<JobHandle> {
  expectDatabase(db)
  return await enqueueFrom(undefined, db, job, payload, options)
}

/** {@link enqueue} for a job that a cron makes. */
export async function enqueueFrom<Input>(
  cron: CronOrigin | undefined,
  db: QueryExecutorProvider,
  job: Job<Input, unknown>,
  payload: NoInfer<Input>,
  options: EnqueueOptions,
): Promise<JobHandle> {
  const plan = { ...planOf('enqueue', job, options), cron }
  const row = rowOf(job, payload, options)
  const [handle] = isPromise(row)
    ? await oneCall('jobs.enqueue', options, async () =>
        insertRows(db, plan, [await inTime(row)], {}),
      )
    : await insertRows(db, plan, [row], options)
  return handle as JobHandle
}

/**
 * A check of the app's own may never end: that must not hold what waits for it, such as a transaction, for longer than
 * the scope around it goes on.
 */
async function inTime<T>(check: Promise<T>): Promise<T> {
  const signal = currentSignal()
  return signal === undefined ? await check : await orAborted(check, signal)
}

/**
 * Enqueues a job for each payload, in statements of up to ten thousand jobs and 4 MiB. All or none in a transaction; without
 * one, all or none of each statement.
 *
 * @returns a handle for each payload, in their order
 * @throws as {@link enqueue} does; nothing is enqueued when one payload is not acceptable
 * @example
 * await enqueueMany(tx, remindStaff, staffIds.map((staffId) => ({ staffId })))
 */
export async function enqueueMany<Input, DB>(
  db: Queryable<DB>,
  job: Job<Input, unknown>,
  payloads: readonly NoInfer<Input>[],
  options: EnqueueManyOptions = {},
): Promise<JobHandle[]> {
  expectDatabase(db)
  const plan = planOf('enqueueMany', job, options)
  if (!Array.isArray(payloads)) {
    throw expected('payloads to be an array', payloads)
  }
  return await oneCall('jobs.enqueueMany', options, async () => {
    const { tags, tenant } = options
    const rows = await acceptedRows(job, payloads, { tags, tenant })
    const handles: JobHandle[] = []
    for (const chunk of chunksOf(rows)) handles.push(...(await insertRows(db, plan, chunk, {})))
    return handles
  })
}

/** The rows for payloads, in the time of the scope around it. @throws {TypeError} unless the job accepts all of them */
export async function acceptedRows<Input>(
  job: Job<Input, unknown>,
  payloads: readonly Input[],
  options: OfPayload,
): Promise<readonly NewRow[]> {
  const rows: NewRow[] = []
  for (const payload of payloads) {
    const row = rowOf(job, payload, options)
    // Only a schema that is asynchronous costs a turn for each.
    rows.push(isPromise(row) ? await inTime(row) : row)
  }
  return rows
}

/** A row for a payload. @throws {TypeError} unless the job accepts it */
export function rowOf<Input>(
  job: Job<Input, unknown>,
  payload: Input,
  options: OfPayload,
): NewRow | Promise<NewRow> {
  const text = serialise(payload)
  const row = (): NewRow => {
    return {
      id: newJobId(),
      payload: text,
      key: keyOf(job, payload, options),
      group: groupOf(job, payload, options),
      tags: tagsOf(job, payload, options),
      tenant: tenantOf(job, payload, options),
    }
  }
  if (job.schema === undefined) return row()
  const refused = (error: unknown): never => {
    if (!(error instanceof PayloadRefusal)) throw error
    const { message, cause } = error
    throw new TypeError(
      `Expected the payload to be one that "${job.name}" accepts, got one refused: ${message}`,
      cause === undefined ? {} : { cause },
    )
  }
  let accepted: unknown
  try {
    accepted = payloadOf(job, job.version, JSON.parse(text))
  } catch (error) {
    return refused(error)
  }
  return isPromise(accepted) ? accepted.then(row, refused) : row()
}

function* chunksOf(rows: readonly NewRow[]): Generator<NewRow[]> {
  let chunk: NewRow[] = []
  let bytes = 0
  for (const row of rows) {
    const size = Buffer.byteLength(row.payload)
    if (chunk.length > 0 && (chunk.length === CHUNK_ROWS || bytes + size > CHUNK_BYTES)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(row)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}
