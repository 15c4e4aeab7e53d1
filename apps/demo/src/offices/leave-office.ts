import type { Queryable } from '@yuzuru/db'
import type { Schema } from '../schema.ts'
import { lockAssociations } from './lock-associations.ts'

/**
 * Takes a person out of an office. If it was their primary one, the oldest of the others becomes it.
 *
 * @returns whether they belong to another one
 */
export async function leaveOffice(
  tx: Queryable<Schema>,
  staffId: string,
  officeId: string,
): Promise<boolean> {
  await lockAssociations(tx, staffId)
  const mine = { staff_id: staffId, office_id: officeId }
  await tx
    .deleteFrom('office_associations')
    .where(({ eb }) => eb.and(mine))
    .execute()
  const next = await tx
    .selectFrom('office_associations')
    .select(['office_id', 'is_primary'])
    .where('staff_id', '=', staffId)
    .orderBy('is_primary', 'desc')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  if (next === undefined) return false
  if (!next.is_primary) {
    await tx
      .updateTable('office_associations')
      .set({ is_primary: true })
      .where(({ eb }) => eb.and({ ...mine, office_id: next.office_id }))
      .execute()
  }
  return true
}
