import { repository, tableOf, transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import type { App } from '../app.ts'
import type { Schema } from '../schema.ts'
import { REGISTRATION_LIFE_MS } from '../sign-in/expire-registration.ts'
import { Fields, type Input } from '../web/fields.ts'
import type { Language } from '../web/language.ts'
import { createStaff, type Staff } from './staff.ts'
import { refuseTakenEmail } from './taken-email.ts'

export const offices = repository(tableOf<Schema>()('offices'))

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
      const office = await offices.create(tx, { name: registration.officeName })
      const person = { name: registration.staffName, email: registration.email }
      const staff = await createStaff(tx, person, { office_id: office.id, role: 'manager' })
      await enqueue(tx, app.jobs.sendSignInLink, { staffId: staff.id, language })
      const expiry = { delayMs: REGISTRATION_LIFE_MS }
      await enqueue(tx, app.jobs.expireRegistration, { officeId: office.id }, expiry)
      return staff
    })
  } catch (error) {
    throw refuseTakenEmail(error)
  }
}
