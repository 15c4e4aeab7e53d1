import { transaction } from '@yuzuru/db'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { App } from '../app.ts'
import { mailLater } from '../mail-later/mail-later.ts'
import type { Staff } from '../offices/staff.ts'
import type { RequestsTable, Schema } from '../schema.ts'
import { expectAllowed } from '../web/access.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid, notFound } from '../web/invalid.ts'
import { decisionMail } from './decision-mail.ts'

export type StaffRequest = Selectable<RequestsTable>

export const REQUEST_KINDS = ['leave', 'shift_change', 'expense'] as const

/** Files a request of a member of staff. */
export async function fileRequest(
  db: Kysely<Schema>,
  staff: Pick<Staff, 'id' | 'office_id'>,
  input: Input,
): Promise<StaffRequest> {
  const fields = new Fields(input)
  const kind = fields.oneOf('kind', REQUEST_KINDS)
  const reason = fields.text('reason', { max: 1_000, lines: 'many' })
  fields.check()
  return await db
    .insertInto('requests')
    .values({
      office_id: staff.office_id,
      staff_id: staff.id,
      kind: kind === '' ? 'leave' : kind,
      reason,
      status: 'pending',
      decided_by: null,
      decided_at: null,
      decision_reason: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** What a manager decides, and whom the notice of it goes to. */
export interface Decision {
  readonly requestId: string
  readonly status: 'approved' | 'declined'
  readonly notify: string
  /** Why, when it is declined. */
  readonly reason?: string | undefined
}

export function readDecision(requestId: string, input: Input): Decision {
  const fields = new Fields({ ...input, requestId })
  const decision = {
    requestId: fields.uuid('requestId'),
    status: fields.oneOf('status', ['approved', 'declined']),
    notify: fields.uuid('notify'),
  }
  const isDeclined = decision.status === 'declined'
  const reason = isDeclined ? fields.text('decisionReason', { max: 500, lines: 'many' }) : undefined
  fields.check()
  return { ...decision, status: isDeclined ? 'declined' : 'approved', reason }
}

/** The parts of the app that a decision uses. */
type Deciding = Pick<App, 'db' | 'settings'> & { readonly jobs: Pick<App['jobs'], 'sendMail'> }

/**
 * Decides a request, writes the notice of it and enqueues a mail, in one transaction: if the notice cannot
 * be written, the request stays as it was, and no mail is sent.
 *
 * @throws {Invalid} when the request is not pending in this office, or the one to notify is unknown
 */
export async function decideRequest(
  { db, jobs, settings }: Deciding,
  manager: Pick<Staff, 'id' | 'office_id' | 'role'>,
  decision: Decision,
): Promise<StaffRequest> {
  expectAllowed(manager, 'requests.decide')
  return await transaction(db, async (tx) => {
    const request = await tx
      .updateTable('requests')
      .set({
        status: decision.status,
        decided_by: manager.id,
        decided_at: new Date(),
        decision_reason: decision.reason ?? null,
      })
      .where('id', '=', decision.requestId)
      .where('office_id', '=', manager.office_id)
      .where('status', '=', 'pending')
      .returningAll()
      .executeTakeFirst()
    if (request === undefined) {
      throw notFound('requestId', {
        ja: '承認待ちの申請が見つかりません',
        en: 'names no pending request of this office',
      })
    }
    const body = decision.status === 'approved' ? '申請が承認されました' : '申請が却下されました'
    // An id from a form is looked up only within the office.
    const notice = await tx
      .insertInto('notices')
      .columns(['staff_id', 'request_id', 'body'])
      .expression(
        tx
          .selectFrom('office_associations')
          .select(['staff_id', sql.val(request.id).as('request_id'), sql.val(body).as('body')])
          .where('staff_id', '=', decision.notify)
          .where('office_id', '=', manager.office_id),
      )
      .returning('id')
      .executeTakeFirst()
    if (notice === undefined) throw nobodyToNotify()
    const { email: to, name } = await tx
      .selectFrom('staff')
      .select(['email', 'name'])
      .where('id', '=', decision.notify)
      .executeTakeFirstOrThrow()
    const url = new URL('/requests', settings.publicUrl).href
    const about = {
      name,
      approved: decision.status === 'approved',
      reason: decision.reason ?? '',
      url,
    }
    const { subject, text } = decisionMail.render('ja', about)
    await mailLater(tx, jobs.sendMail, { to, subject, text })
    return request
  })
}

function nobodyToNotify(): Invalid {
  const text = {
    ja: '通知先の職員が見つかりません。申請は承認待ちのままです',
    en: 'names no member of staff; the request is still pending',
  }
  return new Invalid([{ field: 'notify', text }])
}

/** A request as a page shows it. */
export interface ListedRequest extends StaffRequest {
  readonly staff_name: string
  /** Who decided it. */
  readonly decider: string | null
}

/** The newest of an office, those to be decided first. */
export async function listRequests(db: Kysely<Schema>, officeId: string): Promise<ListedRequest[]> {
  return await db
    .selectFrom('requests')
    .innerJoin('staff', 'staff.id', 'requests.staff_id')
    .leftJoin('staff as decider', 'decider.id', 'requests.decided_by')
    .selectAll('requests')
    .select(['staff.name as staff_name', 'decider.name as decider'])
    .where('requests.office_id', '=', officeId)
    .orderBy(sql`requests.status = 'pending'`, 'desc')
    .orderBy('requests.created_at', 'desc')
    .orderBy('requests.id')
    .limit(100)
    .execute()
}

export async function listNotices(
  db: Kysely<Schema>,
  staffId: string,
): Promise<{ readonly id: string; readonly body: string; readonly created_at: Date }[]> {
  return await db
    .selectFrom('notices')
    .select(['id', 'body', 'created_at'])
    .where('staff_id', '=', staffId)
    .orderBy('created_at', 'desc')
    .limit(50)
    .execute()
}
