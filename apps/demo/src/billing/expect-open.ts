import type { App } from '../app.ts'
import { Invalid } from '../web/invalid.ts'

/** The features for offices that pay or are in their trial. */
export type Feature = 'meetings'

/**
 * Throws unless the office may use the feature now: it is in its trial, or pays. The answer comes from the
 * app's own rows, without a call to Stripe. What the office has made before stays readable.
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
