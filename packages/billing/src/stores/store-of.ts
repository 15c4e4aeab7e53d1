import type { BillingStore } from './billing-store.ts'

type Customers = Pick<
  BillingStore,
  | 'findCustomer'
  | 'findReference'
  | 'beginCustomer'
  | 'replaceIntent'
  | 'settleCustomer'
  | 'replaceCustomer'
>

type Checkouts = Pick<
  BillingStore,
  'findCheckout' | 'beginCheckout' | 'settleCheckout' | 'replaceCheckout'
>

type Accounts<Tx> = Omit<BillingStore<Tx>, keyof Customers | keyof Checkouts>

/** Makes one store of its parts. */
export function storeOf<Tx>(
  customers: Customers,
  accounts: Accounts<Tx>,
  checkouts: Checkouts,
): BillingStore<Tx> {
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
    chooseSubscription: accounts.chooseSubscription.bind(accounts),
    listSubscriptions: accounts.listSubscriptions.bind(accounts),
    listTrialsEnding: accounts.listTrialsEnding.bind(accounts),
    noticeTrial: accounts.noticeTrial.bind(accounts),
    pruneEvents: accounts.pruneEvents.bind(accounts),
    findCheckout: checkouts.findCheckout.bind(checkouts),
    beginCheckout: checkouts.beginCheckout.bind(checkouts),
    settleCheckout: checkouts.settleCheckout.bind(checkouts),
    replaceCheckout: checkouts.replaceCheckout.bind(checkouts),
  }
}
