import { type Billing, BillingError, type BillingStatus } from '@yuzuru/billing'
import type { Queryable } from '@yuzuru/db'
import { defineJob, type Job } from '@yuzuru/jobs'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'

/** How many members of staff one unit of a plan is for. */
export const STAFF_A_SEAT = 10

export interface SeatsPayload {
  readonly officeId: string
}

/** How many units of a plan an office of so many people pays. */
export function seatsFor(people: number): number {
  return Math.max(1, Math.ceil(people / STAFF_A_SEAT))
}

/** How many units the office needs for the staff that it has now. */
export async function seatsOf(db: Queryable<Schema>, officeId: string): Promise<number> {
  const { people } = await db
    .selectFrom('office_associations')
    .select(({ fn }) => fn.countAll<string>().as('people'))
    .where('office_id', '=', officeId)
    .executeTakeFirstOrThrow()
  return seatsFor(Number(people))
}

/** How many units the office pays for, or would pay for if it subscribed now. */
export async function seatsPaid(
  { db }: { readonly db: Queryable<Schema> },
  { reference: officeId, status, subscription }: BillingStatus,
): Promise<number> {
  const paid = status === 'canceled' ? undefined : subscription?.items[0]?.quantity
  return paid ?? (await seatsOf(db, officeId))
}

/**
 * Has the subscription pay for as many as there are when it runs, so that the order of several does not matter. Enqueued
 * where staff comes or goes, in the same transaction. An office without a subscription pays for its staff at the checkout.
 */
export function adjustSeatsJob<Tx>(
  db: Kysely<Schema>,
  billing: Pick<Billing<Tx>, 'setQuantity'>,
): Job<SeatsPayload> {
  return defineJob<SeatsPayload>({
    name: 'adjust-seats',
    attempts: 15,
    timeoutMs: 30_000,
    run: async ({ officeId }) => {
      try {
        await billing.setQuantity(officeId, await seatsOf(db, officeId))
      } catch (error) {
        if (!BillingError.isInstance(error) || !WITHOUT.has(error.code)) throw error
      }
    },
  })
}

/** There is no subscription, or one that waits for its first payment: it is looked at when that is there. */
const WITHOUT: ReadonlySet<string> = new Set(['not_found', 'unsupported'])
