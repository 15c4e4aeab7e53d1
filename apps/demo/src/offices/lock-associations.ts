import type { Queryable } from '@yuzuru/db'
import type { Schema } from '../schema.ts'

/**
 * One change of a person's offices at a time, to the end of `tx`. What is looked up after this is what the
 * change before has left: how many there are, and which one is primary.
 */
export async function lockAssociations(tx: Queryable<Schema>, staffId: string): Promise<void> {
  await tx
    .selectFrom('staff')
    .select('id')
    .where('id', '=', staffId)
    .forNoKeyUpdate()
    .executeTakeFirst()
}
