import { IoError } from '@yuzuru/concurrency'
import { paginate, transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import type { Kysely, Selectable } from 'kysely'
import type { App } from '../app.ts'
import type { Schema, StaffTable } from '../schema.ts'
import { REGISTRATION_LIFE_MS } from '../sign-in/expire-registration.ts'
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
    officeName: fields.name('officeName'),
    staffName: fields.name('staffName'),
    email: fields.email('email'),
  }
  fields.check()
  return registration
}

/**
 * Registers an office with its first member of staff, a manager. The verification mail is enqueued in
 * the same transaction: it goes out if, and only if, they exist. An office of which nobody verifies an
 * address is removed after a week.
 *
 * @throws {Invalid} 409 when the address is known
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
      await enqueue(tx, app.jobs.sendSignInLink, { staffId: staff.id, language })
      const expiry = { delayMs: REGISTRATION_LIFE_MS }
      await enqueue(tx, app.jobs.expireRegistration, { officeId: office.id }, expiry)
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

/** The first thousand, for a page that shows their names. */
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

/** The ids of all staff of an office, however many they are: a page of them at a time. */
export async function* staffIds(
  db: Kysely<Schema>,
  officeId: string,
): AsyncGenerator<readonly string[]> {
  const staff = db.selectFrom('staff').select('id').where('office_id', '=', officeId)
  let after: string | undefined
  do {
    const page = await paginate(staff, { by: [{ column: 'id' }], size: 1_000, after })
    yield page.items.map(({ id }) => id)
    after = page.next
  } while (after !== undefined)
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
