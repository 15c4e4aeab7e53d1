import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { clearable, integer, number, oneOf, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { StripeCoupon } from '../core/objects.ts'
import { change, find } from '../core/service.ts'
import { currency } from './prices.ts'

const path = '/v1/coupons'

export const couponRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      amount_off: integer(1, 99_999_999),
      currency,
      duration: oneOf('forever', 'once', 'repeating'),
      duration_in_months: integer(1),
      id: text(200),
      max_redemptions: integer(1),
      metadata: metadata(),
      name: clearable(text(40)),
      percent_off: number(0, 100),
      redeem_by: integer(),
    },
    (service, { parameters }) => {
      const { amount_off: amountOff, percent_off: percentOff, duration = 'once' } = parameters
      if ((amountOff === undefined) === (percentOff === undefined)) {
        throw invalid('Exactly one of amount_off and percent_off must be passed in.', 'percent_off')
      }
      if (amountOff !== undefined && parameters.currency === undefined) {
        throw invalid('Must provide currency when specifying amount_off.', 'currency')
      }
      if ((duration === 'repeating') !== (parameters.duration_in_months !== undefined)) {
        throw invalid(
          'duration_in_months is required if, and only if, duration is repeating.',
          'duration_in_months',
        )
      }
      const id = parameters.id ?? newId('c', 8).slice(2)
      if (Object.hasOwn(service.state.coupons, id)) {
        throw refused('Coupon already exists.', 'resource_already_exists')
      }
      const coupon: StripeCoupon = {
        id,
        object: 'coupon',
        amount_off: amountOff ?? null,
        created: service.now(),
        currency: parameters.currency ?? null,
        duration,
        duration_in_months: parameters.duration_in_months ?? null,
        livemode: false,
        max_redemptions: parameters.max_redemptions ?? null,
        metadata: applyMetadata({}, parameters.metadata),
        name: parameters.name ?? null,
        percent_off: percentOff ?? null,
        redeem_by: parameters.redeem_by ?? null,
        times_redeemed: 0,
        valid: true,
      }
      service.state.coupons[id] = coupon
      service.emit('coupon.created', coupon)
      return coupon
    },
  ),
  route('GET', path, listParameters, ({ state }, { parameters }) =>
    page(path, 'coupon', Object.values(state.coupons), parameters),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) => find(state.coupons, 'coupon', id)),
  route(
    'POST',
    `${path}/:id`,
    { metadata: metadata(), name: clearable(text(40)) },
    (service, { id, parameters }) =>
      change(service, 'coupon.updated', find(service.state.coupons, 'coupon', id), (coupon) => {
        if (parameters.name !== undefined) coupon['name'] = parameters.name
        coupon.metadata = applyMetadata(coupon.metadata, parameters.metadata)
      }),
  ),
  route('DELETE', `${path}/:id`, {}, (service, { id }) => {
    const coupon = find(service.state.coupons, 'coupon', id)
    delete service.state.coupons[id]
    service.state.deletedCoupons[id] = coupon
    service.state.deleted[id] = 'coupon'
    service.emit('coupon.deleted', coupon)
    return { id, object: 'coupon', deleted: true }
  }),
]
