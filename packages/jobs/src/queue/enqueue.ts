import { expected } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import {
  type EnqueueManyOptions,
  type EnqueueOptions,
  planOf,
  uniqueKeyOf,
} from './enqueue-options.ts'
import { insertRows, type JobHandle, type NewRow } from './insert-rows.ts'
import { trusting } from '../job/define-job.ts'
import { newJobId } from '../job/job-id.ts'
import type { Job } from '../job/job.ts'
import { expectDatabase } from '../database/execute.ts'
import { serialise } from '../job/payload.ts'

/** The most rows and payload bytes of one statement. */
const CHUNK_ROWS = 10_000
const CHUNK_BYTES = 4_194_304

/**
 * Enqueues a job. Given a transaction, the job exists if, and only if, that commits, and it is then
 * that the workers wake.
 *
 * Without a transaction and without a unique key, a call whose answer was lost (`outcome: 'unknown'`) may
 * have enqueued the job: made again, it may enqueue another. Not for large data: a payload of at most 1 MiB
 * points at it.
 *
 * @throws {TypeError} before any I/O, when the payload or an option is not acceptable
 * @throws {JobError} `'conflict'` when the unique key changed hands too often meanwhile; try again
 * @throws {JobError | DbError} when the database fails
 * @example
 * await transaction(db, async (tx) => {
 *   await plans.approve(tx, planId)
 *   await enqueue(tx, remindStaff, { planId }, { delayMs: 60_000 })
 * })
 */
export async function enqueue<Payload, DB>(
  db: Queryable<DB>,
  job: Job<Payload>,
  payload: Payload,
  options: EnqueueOptions = {},
): Promise<JobHandle> {
  expectDatabase(db)
  const plan = planOf('enqueue', job, options)
  const [handle] = await insertRows(db, plan, [rowOf(job, payload, options)], options)
  return handle as JobHandle
}

/**
 * Enqueues a job for each payload, in statements of up to ten thousand jobs and 4 MiB. All or none in a transaction; without
 * one, all or none of each statement.
 *
 * @returns a handle for each payload, in their order
 * @throws as {@link enqueue} does; nothing is enqueued when one payload is not acceptable
 * @example
 * await enqueueMany(tx, remindStaff, staff.map(({ id }) => ({ staffId: id })))
 */
export async function enqueueMany<Payload, DB>(
  db: Queryable<DB>,
  job: Job<Payload>,
  payloads: readonly Payload[],
  options: EnqueueManyOptions = {},
): Promise<JobHandle[]> {
  expectDatabase(db)
  const plan = planOf('enqueueMany', job, options)
  if (!Array.isArray(payloads)) {
    throw expected('payloads to be an array', payloads)
  }
  const rows = payloads.map((payload: Payload) => rowOf(job, payload, {}))
  const handles: JobHandle[] = []
  for (const chunk of chunksOf(rows)) {
    handles.push(...(await insertRows(db, plan, chunk, options)))
  }
  return handles
}

function rowOf<Payload>(
  job: Job<Payload>,
  payload: Payload,
  options: { readonly uniqueKey?: string | undefined },
): NewRow {
  const text = serialise(payload)
  if (job.parse !== trusting) expectAccepted(job, text)
  return { id: newJobId(), payload: text, uniqueKey: uniqueKeyOf(job, payload, options) }
}

function expectAccepted(job: Job, text: string): void {
  try {
    job.parse(JSON.parse(text))
  } catch (cause) {
    throw new TypeError(`Expected the payload to be one that "${job.name}" accepts`, { cause })
  }
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
