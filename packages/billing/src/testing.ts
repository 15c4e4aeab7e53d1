export type { BillingFixture } from './testing/billing-fixture.ts'
export { exerciseBilling } from './testing/exercise-billing.ts'
export { type BillingStoreFixture, exerciseBillingStore } from './testing/exercise-store.ts'
export {
  createFakeBilling,
  type FakeBilling,
  type FakeBillingOptions,
} from './testing/fake-billing.ts'
export type { FakeFault } from './testing/fake-http-client.ts'
export { memoryBillingStore } from './stores/memory-store.ts'
export { type SignedWebhook, signWebhook } from './testing/sign-webhook.ts'
