import type { Queryable } from '@yuzuru/db'
import type { Schema } from '../schema.ts'

/**
 * Lets one transaction at a time change the offices of a person, until the end of `tx`. What is read after
 * this call includes the change before.
 */
export async function lockAssociations(tx: Queryable<Schema>, staffId: string): Promise<void> {
  await tx
    .selectFrom('staff')
    .select('id')
    .where('id', '=', staffId)
    .forNoKeyUpdate()
    .executeTakeFirst()
}
