import type { BillingStatus } from '@yuzuru/billing'
import type { App } from '../app.ts'

/**
 * Takes over a contract that was made in Stripe's dashboard: of an office that pays by invoice, say. From then on the
 * office has it in the app, and its webhooks count.
 *
 * @throws {BillingError} `'conflict'` when the customer is another office's, or the office has one already
 */
export async function adoptContract(
  { billing }: Pick<App, 'billing'>,
  officeId: string,
  customerId: string,
): Promise<BillingStatus> {
  await billing.adoptCustomer(officeId, customerId)
  return await billing.sync(officeId)
}
