import { type Queryable, transaction, withOne } from '@yuzuru/db'
import type { App } from '../app.ts'
import type { Schema } from '../schema.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid, notFound } from '../web/invalid.ts'
import { lockAssociations } from './lock-associations.ts'
import { offices } from './offices.ts'
import type { Staff } from './staff.ts'

/** How many offices a person may belong to. */
const MOST_OFFICES = 20

/** One of the offices of a person. */
export interface Association {
  readonly officeId: string
  readonly officeName: string
  readonly role: Staff['role']
  readonly isPrimary: boolean
}

/** The offices of a person, the primary one first. */
export async function listAssociations(
  db: Queryable<Schema>,
  staffId: string,
): Promise<Association[]> {
  const rows = await db
    .selectFrom('office_associations')
    .selectAll()
    .where('staff_id', '=', staffId)
    .orderBy('is_primary', 'desc')
    .orderBy('created_at')
    .limit(MOST_OFFICES)
    .execute()
  const relation = { table: offices.table, from: 'office_id', to: 'id' } as const
  const withOffices = await withOne(db, rows, 'office', relation)
  return withOffices.map(({ office_id, office, role, is_primary }) => ({
    officeId: office_id,
    officeName: office?.name ?? '',
    role,
    isPrimary: is_primary,
  }))
}

/** Opens one more office, of which the person is the manager; they go on working in the one they are in. */
export async function openOffice(app: App, staff: Staff, input: Input): Promise<string> {
  const fields = new Fields(input)
  const name = fields.name('officeName')
  fields.check()
  return await transaction(app.db, async (tx) => {
    await lockAssociations(tx, staff.id)
    const mine = await listAssociations(tx, staff.id)
    if (mine.length >= MOST_OFFICES) throw tooManyOffices()
    const { id } = await offices.create(tx, { name })
    const association = {
      office_id: id,
      staff_id: staff.id,
      role: 'manager',
      is_primary: false,
    } as const
    await tx.insertInto('office_associations').values(association).execute()
    return id
  })
}

/**
 * Makes one of a person's offices the primary one.
 *
 * @throws {Invalid} 404 when the person does not belong to it
 */
export async function switchOffice(app: App, staff: Staff, input: Input): Promise<void> {
  const fields = new Fields(input)
  const officeId = fields.uuid('officeId')
  fields.check()
  await transaction(app.db, async (tx) => {
    await lockAssociations(tx, staff.id)
    const mine = tx.updateTable('office_associations').where('staff_id', '=', staff.id)
    await mine.set({ is_primary: false }).where('is_primary', '=', true).execute()
    const { numUpdatedRows } = await mine
      .set({ is_primary: true })
      .where('office_id', '=', officeId)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n) {
      throw notFound('officeId', { ja: '事業所が見つかりません', en: 'names no office of yours' })
    }
  })
}

function tooManyOffices(): Invalid {
  const text = {
    ja: `事業所は${MOST_OFFICES}か所までです`,
    en: `can be one of at most ${MOST_OFFICES}`,
  }
  return new Invalid([{ field: 'officeName', text }])
}
