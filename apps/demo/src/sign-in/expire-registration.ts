import { transaction } from '@yuzuru/db'
import { defineJob, type Job } from '@yuzuru/jobs'
import type { Kysely } from 'kysely'
import { leaveOffice } from '../offices/leave-office.ts'
import type { Schema } from '../schema.ts'
import { pruneQuotas } from './quota.ts'

export interface RegistrationPayload {
  readonly officeId: string
}

/** How long a registration waits for its address to be verified, in milliseconds. */
export const REGISTRATION_LIFE_MS: number = 7 * 24 * 60 * 60 * 1_000

/**
 * Removes an office of which nobody ever verified an address: what a stranger left under another's name.
 * Whoever belongs to another office as well stays there.
 */
export function expireRegistrationJob(db: Kysely<Schema>): Job<RegistrationPayload> {
  return defineJob<RegistrationPayload>({
    name: 'expire-registration',
    timeoutMs: 30_000,
    run: async ({ officeId }) => {
      await transaction(db, async (tx) => {
        const staff = await tx
          .selectFrom('staff')
          .select(['staff.id', 'staff.verified_at'])
          .innerJoin('office_associations', 'office_associations.staff_id', 'staff.id')
          .where('office_associations.office_id', '=', officeId)
          .forUpdate('staff')
          .execute()
        if (staff.some(({ verified_at }) => verified_at !== null)) return
        // Links and associations go with the staff; without a session nothing else was ever made.
        for (const { id } of staff) {
          if (await leaveOffice(tx, id, officeId)) continue
          await tx.deleteFrom('staff').where('id', '=', id).execute()
        }
        await tx.deleteFrom('offices').where('id', '=', officeId).execute()
      })
      await pruneQuotas(db)
    },
  })
}
