import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { flag, hash, integer, oneOf, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { StripePromotionCode } from '../core/objects.ts'
import { change, find } from '../core/service.ts'

const path = '/v1/promotion_codes'

export const promotionCodeRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      active: flag(),
      code: text(500),
      customer: text(),
      expires_at: integer(),
      max_redemptions: integer(1),
      metadata: metadata(),
      promotion: required(hash({ coupon: required(text()), type: required(oneOf('coupon')) })),
      restrictions: hash({ first_time_transaction: flag() }),
    },
    (service, { parameters }) => {
      const { state } = service
      const coupon = find(state.coupons, 'coupon', parameters.promotion.coupon, 'promotion[coupon]')
      const { customer = null, code = newId('c', 8).slice(2).toUpperCase() } = parameters
      if (!/^[A-Za-z0-9-]+$/.test(code)) throw invalid('Invalid promotion code.', 'code')
      if (customer !== null) find(state.customers, 'customer', customer, 'customer')
      const isTaken = Object.values(state.promotionCodes).some(
        (other) => other.active && other.code.toUpperCase() === code.toUpperCase(),
      )
      if (isTaken) {
        throw refused(
          `An active promotion code with \`code: ${code}\` already exists.`,
          'resource_already_exists',
          'code',
        )
      }
      const made: StripePromotionCode = {
        id: newId('promo'),
        object: 'promotion_code',
        active: parameters.active ?? true,
        code,
        created: service.now(),
        customer,
        customer_account: null,
        expires_at: parameters.expires_at ?? null,
        livemode: false,
        max_redemptions: parameters.max_redemptions ?? null,
        metadata: applyMetadata({}, parameters.metadata),
        promotion: { coupon: coupon.id, type: 'coupon' },
        restrictions: {
          first_time_transaction: parameters.restrictions?.first_time_transaction ?? false,
          minimum_amount: null,
          minimum_amount_currency: null,
        },
        times_redeemed: 0,
      }
      state.promotionCodes[made.id] = made
      service.emit('promotion_code.created', made)
      return made
    },
  ),
  route(
    'GET',
    path,
    { ...listParameters, active: flag(), code: text(), coupon: text(), customer: text() },
    ({ state }, { parameters }) =>
      page(path, 'promotion code', Object.values(state.promotionCodes), parameters, (found) => {
        const { active, code, coupon, customer } = parameters
        return (
          found.active === (active ?? found.active) &&
          found.code.toUpperCase() === (code ?? found.code).toUpperCase() &&
          found.promotion.coupon === (coupon ?? found.promotion.coupon) &&
          found.customer === (customer ?? found.customer)
        )
      }),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.promotionCodes, 'promotion code', id),
  ),
  route(
    'POST',
    `${path}/:id`,
    { active: flag(), metadata: metadata() },
    (service, { id, parameters }) => {
      const found = find(service.state.promotionCodes, 'promotion code', id)
      return change(service, 'promotion_code.updated', found, () => {
        found.active = parameters.active ?? found.active
        found.metadata = applyMetadata(found.metadata, parameters.metadata)
      })
    },
  ),
]
