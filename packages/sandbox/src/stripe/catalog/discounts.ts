import { refused } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { StripeCoupon, StripeDiscount, StripePromotionCode } from '../core/objects.ts'
import { portion } from '../core/portion.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'
import type { DiscountChoice, StripeState } from '../core/state.ts'
import { monthsAfter } from '../core/period.ts'

/** What a request says of a discount: a coupon or a promotion code's id. */
export interface DiscountInput {
  readonly coupon?: string
  readonly promotion_code?: string
  readonly discount?: string
}

/** The coupons of a request, each checked that it may be used now. */
export function chosenDiscounts(
  service: StripeService,
  inputs: readonly DiscountInput[],
  customer: string | null,
): DiscountChoice[] {
  return inputs.map((input, index) => {
    const param = `discounts[${index}]`
    if (input.promotion_code !== undefined) {
      const code = find(
        service.state.promotionCodes,
        'promotion code',
        input.promotion_code,
        `${param}[promotion_code]`,
      )
      checkCode(service, code, customer)
      return { coupon: code.promotion.coupon, promotionCode: code.id }
    }
    const coupon = find(service.state.coupons, 'coupon', input.coupon ?? '', `${param}[coupon]`)
    checkCoupon(service, coupon, customer)
    return { coupon: coupon.id, promotionCode: null }
  })
}

/** The promotion code that a person typed. */
export function typedCode(
  service: StripeService,
  text: string,
  customer: string | null,
): DiscountChoice {
  const code = Object.values(service.state.promotionCodes).find(
    (found) => found.active && found.code.toUpperCase() === text.trim().toUpperCase(),
  )
  if (!code) throw refused('This promotion code is invalid.', 'promotion_code_invalid')
  checkCode(service, code, customer)
  return { coupon: code.promotion.coupon, promotionCode: code.id }
}

function checkCode(
  service: StripeService,
  code: StripePromotionCode,
  customer: string | null,
): void {
  const coupon = find(service.state.coupons, 'coupon', code.promotion.coupon)
  const now = nowOf(service, customer)
  const isUsedUp = code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions
  if (!code.active || isUsedUp || (code.expires_at !== null && code.expires_at <= now)) {
    throw refused(`This promotion code cannot be redeemed: ${code.code}.`, 'promotion_code_expired')
  }
  if (code.customer !== null && code.customer !== customer) {
    throw refused(
      'This promotion code cannot be redeemed by this customer.',
      'promotion_code_invalid',
    )
  }
  const { first_time_transaction: isForNew } = code['restrictions'] as {
    first_time_transaction: boolean
  }
  if (isForNew && customer !== null && hasPaid(service, customer)) {
    throw refused(
      'This promotion code cannot be redeemed because the associated customer has prior transactions.',
    )
  }
  checkCoupon(service, coupon, customer)
}

/** Source: https://docs.stripe.com/api/promotion_codes/object ("without any successful payments or invoices") */
function hasPaid({ state }: StripeService, id: string): boolean {
  const isOf = ({ customer, status }: { customer: string | null; status: string }): boolean =>
    customer === id && (status === 'succeeded' || status === 'paid')
  return Object.values(state.charges).some(isOf) || Object.values(state.invoices).some(isOf)
}

function checkCoupon(service: StripeService, coupon: StripeCoupon, customer: string | null): void {
  const now = nowOf(service, customer)
  const isUsedUp =
    coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions
  if (isUsedUp || (coupon.redeem_by !== null && coupon.redeem_by <= now)) {
    throw refused(`Coupon expired: ${coupon.id}`, 'coupon_expired', 'coupon')
  }
}

/** Uses a coupon for a subscription: counted, and with its end. */
export function redeem(
  service: StripeService,
  choice: DiscountChoice,
  use: { customer: string; subscription: string; checkoutSession: string | null },
): StripeDiscount {
  const coupon = find(service.state.coupons, 'coupon', choice.coupon)
  const start = nowOf(service, use.customer)
  const months = coupon.duration_in_months
  const discount: StripeDiscount = {
    id: newId('di'),
    object: 'discount',
    checkout_session: use.checkoutSession,
    customer: use.customer,
    customer_account: null,
    end: months === null ? null : monthsAfter(start, months),
    invoice: null,
    invoice_item: null,
    promotion_code: choice.promotionCode,
    source: { coupon: coupon.id, type: 'coupon' },
    start,
    subscription: use.subscription,
    subscription_item: null,
  }
  service.state.discounts[discount.id] = discount
  coupon.times_redeemed += 1
  coupon.valid = coupon.max_redemptions === null || coupon.times_redeemed < coupon.max_redemptions
  const code = service.state.promotionCodes[choice.promotionCode ?? '']
  if (code) code.times_redeemed += 1
  service.emit('customer.discount.created', discount)
  return discount
}

/** The coupon of a discount, which outlives it. Source: https://docs.stripe.com/api/coupons/delete */
export function couponOf(
  { coupons, deletedCoupons }: StripeState,
  id: string | undefined,
): StripeCoupon | undefined {
  return coupons[id ?? ''] ?? deletedCoupons[id ?? '']
}

/** How much a coupon takes off an amount; never more than all of it. */
export function amountOff(coupon: StripeCoupon, amount: number): number {
  if (amount <= 0) return 0
  if (coupon.amount_off !== null) return Math.min(coupon.amount_off, amount)
  return portion(amount, Math.round((coupon.percent_off ?? 0) * 100), 10_000)
}
