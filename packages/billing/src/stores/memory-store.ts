import type { BillingStore } from './billing-store.ts'
import { MemoryAccounts } from './memory-accounts.ts'
import { MemoryCheckouts } from './memory-checkouts.ts'
import { MemoryCustomers } from './memory-customers.ts'
import { storeOf } from './store-of.ts'

/** A store in memory: for tests, and gone with the process. */
export function memoryBillingStore(): BillingStore<undefined> {
  const customers = new MemoryCustomers()
  return storeOf(customers, new MemoryAccounts(customers), new MemoryCheckouts())
}
