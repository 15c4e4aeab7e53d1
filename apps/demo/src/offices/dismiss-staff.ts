import { transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import type { App } from '../app.ts'
import { leaveOffice } from './leave-office.ts'

/** Takes a person out of an office, which no longer pays for them. What they have written stays. */
export async function dismissStaff(app: App, officeId: string, staffId: string): Promise<void> {
  await transaction(app.db, async (tx) => {
    await leaveOffice(tx, staffId, officeId)
    await enqueue(tx, app.jobs.adjustSeats, { officeId })
  })
}
