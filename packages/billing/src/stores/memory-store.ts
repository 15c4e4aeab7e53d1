import type { BillingStore } from './billing-store.ts'
import { MemoryAccounts } from './memory-accounts.ts'
import { MemoryCheckouts } from './memory-checkouts.ts'
import { MemoryCustomers } from './memory-customers.ts'

/** A store in memory: for tests, and gone with the process. */
export function memoryBillingStore(): BillingStore<undefined> {
  const customers = new MemoryCustomers()
  const accounts = new MemoryAccounts(customers)
  const checkouts = new MemoryCheckouts()
  return {
    findCustomer: customers.findCustomer.bind(customers),
    findReference: customers.findReference.bind(customers),
    beginCustomer: customers.beginCustomer.bind(customers),
    replaceIntent: customers.replaceIntent.bind(customers),
    settleCustomer: customers.settleCustomer.bind(customers),
    replaceCustomer: customers.replaceCustomer.bind(customers),
    openAccount: accounts.openAccount.bind(accounts),
    findSubscription: accounts.findSubscription.bind(accounts),
    drawFetch: accounts.drawFetch.bind(accounts),
    writeFetch: accounts.writeFetch.bind(accounts),
    listSubscriptions: accounts.listSubscriptions.bind(accounts),
    listTrialsEnding: accounts.listTrialsEnding.bind(accounts),
    noticeTrial: accounts.noticeTrial.bind(accounts),
    processEvent: accounts.processEvent.bind(accounts),
    pruneEvents: accounts.pruneEvents.bind(accounts),
    findCheckout: checkouts.findCheckout.bind(checkouts),
    beginCheckout: checkouts.beginCheckout.bind(checkouts),
    settleCheckout: checkouts.settleCheckout.bind(checkouts),
    replaceCheckout: checkouts.replaceCheckout.bind(checkouts),
  }
}
