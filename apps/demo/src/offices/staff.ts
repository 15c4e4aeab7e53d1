import { paginate, type Queryable, transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import type { Selectable } from 'kysely'
import type { App } from '../app.ts'
import type { Schema, StaffTable } from '../schema.ts'
import { refuseTakenEmail } from './taken-email.ts'

/** A member of staff, in one of their offices. */
export interface Staff extends Selectable<StaffTable> {
  readonly office_id: string
  readonly role: 'manager' | 'employee'
}

/** The staff of all offices: a row for each association. */
export function selectStaff(db: Queryable<Schema>) {
  return db
    .selectFrom('staff')
    .innerJoin('office_associations', 'office_associations.staff_id', 'staff.id')
    .selectAll('staff')
    .select(['office_associations.office_id', 'office_associations.role'])
}

/** Makes a member of staff, whose primary office this is. */
export async function createStaff(
  tx: Queryable<Schema>,
  person: { readonly name: string; readonly email: string },
  place: Pick<Staff, 'office_id' | 'role'>,
): Promise<Staff> {
  const row = await tx
    .insertInto('staff')
    .values({ ...person, verified_at: null })
    .returningAll()
    .executeTakeFirstOrThrow()
  const association = { ...place, staff_id: row.id, is_primary: true }
  await tx.insertInto('office_associations').values(association).execute()
  return { ...row, ...place }
}

/** Adds many members of staff to an office: all or none. If, and only if, they are there, the office pays for them. */
export async function addStaff(
  app: App,
  officeId: string,
  people: readonly { readonly name: string; readonly email: string }[],
): Promise<Staff[]> {
  const place = { office_id: officeId, role: 'employee' as const }
  const rows = people.map(({ name, email }) => ({ name, email, verified_at: null }))
  try {
    return await transaction(app.db, async (tx) => {
      const staff = await tx.insertInto('staff').values(rows).returningAll().execute()
      const all = staff.map(({ id }) => ({ ...place, staff_id: id, is_primary: true }))
      await tx.insertInto('office_associations').values(all).execute()
      await enqueue(tx, app.jobs.adjustSeats, { officeId })
      return staff.map((row) => Object.assign(row, place))
    })
  } catch (error) {
    throw refuseTakenEmail(error)
  }
}

/** The first thousand, for a page that shows their names. */
export async function listStaff({ db }: App, officeId: string): Promise<Staff[]> {
  return await selectStaff(db)
    .where('office_associations.office_id', '=', officeId)
    .orderBy('staff.created_at')
    .orderBy('staff.id')
    .limit(1_000)
    .execute()
}

/** The ids of all staff of an office, however many they are: a page of them at a time. */
export async function* staffIds(
  db: Queryable<Schema>,
  officeId: string,
): AsyncGenerator<readonly string[]> {
  const staff = db
    .selectFrom('office_associations')
    .select('staff_id')
    .where('office_id', '=', officeId)
  let after: string | undefined
  do {
    const page = await paginate(staff, { by: [{ column: 'staff_id' }], size: 1_000, after })
    yield page.items.map(({ staff_id }) => staff_id)
    after = page.next
  } while (after !== undefined)
}
