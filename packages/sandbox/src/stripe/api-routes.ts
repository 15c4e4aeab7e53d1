import type { Route } from './api/route.ts'
import { couponRoutes } from './catalog/coupons.ts'
import { priceRoutes } from './catalog/prices.ts'
import { productRoutes } from './catalog/products.ts'
import { promotionCodeRoutes } from './catalog/promotion-codes.ts'
import { checkoutSessionRoutes } from './checkout/session-routes.ts'
import { testClockRoutes } from './clocks/test-clock-routes.ts'
import { customerRoutes } from './customers/customer-routes.ts'
import { endpointRoutes } from './events/endpoint-routes.ts'
import { eventRoutes } from './events/event-routes.ts'
import { invoiceItemRoutes } from './invoices/invoice-item-routes.ts'
import { invoicePaymentRoutes } from './invoices/invoice-payment-routes.ts'
import { invoiceRoutes } from './invoices/invoice-routes.ts'
import { previewRoutes } from './invoices/preview-routes.ts'
import { meterRoutes } from './meters/meter-routes.ts'
import { chargeRoutes, disputeRoutes, refundRoutes } from './payments/charge-routes.ts'
import { paymentIntentRoutes } from './payments/payment-intent-routes.ts'
import { paymentMethodRoutes } from './payments/payment-method-routes.ts'
import { setupIntentRoutes } from './payments/setup-intent-routes.ts'
import { portalConfigurationRoutes } from './portal/configuration-routes.ts'
import { portalSessionRoutes } from './portal/session-routes.ts'
import { scheduleRoutes } from './schedules/schedule-routes.ts'
import { subscriptionItemRoutes } from './subscriptions/item-routes.ts'
import { subscriptionRoutes } from './subscriptions/subscription-routes.ts'

/** Every path that is known. Of two that fit, the first is taken: fixed paths go before ids. */
export const apiRoutes: readonly Route[] = [
  ...checkoutSessionRoutes,
  ...chargeRoutes,
  ...couponRoutes,
  ...customerRoutes,
  ...disputeRoutes,
  ...endpointRoutes,
  ...eventRoutes,
  ...previewRoutes,
  ...invoiceItemRoutes,
  ...invoicePaymentRoutes,
  ...invoiceRoutes,
  ...meterRoutes,
  ...paymentIntentRoutes,
  ...paymentMethodRoutes,
  ...portalConfigurationRoutes,
  ...portalSessionRoutes,
  ...priceRoutes,
  ...productRoutes,
  ...promotionCodeRoutes,
  ...refundRoutes,
  ...scheduleRoutes,
  ...setupIntentRoutes,
  ...subscriptionItemRoutes,
  ...subscriptionRoutes,
  ...testClockRoutes,
]
