import type { PlanPreview } from '@yuzuru/billing'
import type { App } from '../app.ts'
import { Fields, type Input } from '../web/fields.ts'
import { PLAN_NAMES, type PlanName, planPrices } from './plans-sold.ts'

/** A change of plan is charged at once. */
const proration = 'always_invoice'

/** How long a preview is valid, in milliseconds. After that, the price is that of the present moment. */
const PREVIEW_MS = 15 * 60_000

/** The plan that a form asks for, and the moment of its preview. @throws {Invalid} */
export function readPlanChange(input: Input): {
  readonly to: PlanName
  readonly at: Date | undefined
} {
  const fields = new Fields(input)
  const to = fields.oneOf('to', PLAN_NAMES)
  fields.check()
  const { at } = input
  const past = typeof at === 'string' ? Date.now() - Date.parse(at) : Number.NaN
  const counts = past >= 0 && past < PREVIEW_MS
  return { to: to === '' ? 'month' : to, at: counts ? new Date(Date.now() - past) : undefined }
}

/** Previews what another plan would cost the office. */
export async function previewPlan(
  { billing }: Pick<App, 'billing'>,
  officeId: string,
  to: PlanName,
): Promise<PlanPreview> {
  const price = (await planPrices(billing))[to]
  return await billing.previewPlan(officeId, { price, proration })
}

/** Changes the plan, for the price that was previewed at that moment. Doing it again changes nothing. */
export async function changePlan(
  { billing }: Pick<App, 'billing'>,
  officeId: string,
  { to, at }: { readonly to: PlanName; readonly at: Date | undefined },
): Promise<void> {
  const price = (await planPrices(billing))[to]
  await billing.changePlan(officeId, {
    price,
    proration,
    ...(at === undefined ? {} : { prorationDate: at }),
  })
}
