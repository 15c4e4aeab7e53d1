import type { App } from '../app.ts'
import { Invalid } from '../web/invalid.ts'

/** What is open to an office that pays, or is in its trial. */
export type Feature = 'meetings'

/**
 * Throws unless the office may use it now: it is in its trial, or pays for it. Its rows say so, and Stripe is not
 * asked; what it has made before stays to be read.
 *
 * @throws {Invalid} 402
 */
export async function expectOpen(
  { billing }: Pick<App, 'billing'>,
  officeId: string,
  feature: Feature,
): Promise<void> {
  const { canUse } = await billing.status(officeId)
  if (canUse(feature)) return
  const text = {
    ja: '無料お試しが終わりました。お支払いの画面からご契約ください',
    en: 'needs a subscription: the trial is over',
  }
  throw new Invalid([{ field: 'billing', text }], 402)
}
