import { IoError } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import type { Selectable } from 'kysely'
import type { App } from '../app.ts'
import type { StaffTable } from '../schema.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid } from '../web/invalid.ts'
import type { Language } from '../web/language.ts'

export type Staff = Selectable<StaffTable>

/** What a person fills in to register an office. */
export interface Registration {
  readonly officeName: string
  readonly staffName: string
  readonly email: string
}

export function readRegistration(input: Input): Registration {
  const fields = new Fields(input)
  const registration = {
    officeName: fields.text('officeName', { max: 100 }),
    staffName: fields.text('staffName', { max: 100 }),
    email: fields.email('email'),
  }
  fields.check()
  return registration
}

/**
 * Registers an office with its first member of staff, a manager. The verification mail is enqueued in
 * the same transaction: it goes out if, and only if, they exist.
 */
export async function registerOffice(
  app: App,
  registration: Registration,
  language: Language,
): Promise<Staff> {
  try {
    return await transaction(app.db, async (tx) => {
      const office = await tx
        .insertInto('offices')
        .values({ name: registration.officeName })
        .returning('id')
        .executeTakeFirstOrThrow()
      const staff = await tx
        .insertInto('staff')
        .values({
          office_id: office.id,
          name: registration.staffName,
          email: registration.email,
          role: 'manager',
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await enqueue(tx, app.jobs.sendSignInLink, { staffId: staff.id, language, purpose: 'verify' })
      return staff
    })
  } catch (error) {
    throw refuseTakenEmail(error)
  }
}

/** Adds many members of staff to an office in one statement. */
export async function addStaff(
  app: App,
  officeId: string,
  people: readonly { readonly name: string; readonly email: string }[],
): Promise<Staff[]> {
  const rows = people.map(({ name, email }) => ({
    office_id: officeId,
    name,
    email,
    role: 'employee' as const,
  }))
  try {
    return await app.db.insertInto('staff').values(rows).returningAll().execute()
  } catch (error) {
    throw refuseTakenEmail(error)
  }
}

export async function getOffice({ db }: App, officeId: string): Promise<{ readonly name: string }> {
  return await db
    .selectFrom('offices')
    .select('name')
    .where('id', '=', officeId)
    .executeTakeFirstOrThrow()
}

export async function listStaff({ db }: App, officeId: string): Promise<Staff[]> {
  return await db
    .selectFrom('staff')
    .selectAll()
    .where('office_id', '=', officeId)
    .orderBy('created_at')
    .orderBy('id')
    .limit(1_000)
    .execute()
}

function refuseTakenEmail(error: unknown): unknown {
  if (!IoError.isInstance(error) || error.code !== 'unique_violation') return error
  return new Invalid(
    [
      {
        field: 'email',
        text: {
          ja: 'このメールアドレスはすでに登録されています。ログインしてください',
          en: 'is registered already: sign in instead',
        },
      },
    ],
    409,
  )
}
