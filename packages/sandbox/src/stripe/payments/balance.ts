import { newId } from '../core/id.ts'
import type { StripeObject } from '../core/objects.ts'
import { portion } from '../core/portion.ts'
import type { StripeService } from '../core/service.ts'

type BalanceType = 'adjustment' | 'charge' | 'refund'

/** Books an amount, less Stripe's fee of 3.6 % on charges. Available four days later. */
export function book(
  service: StripeService,
  entry: {
    amount: number
    currency: string
    source: string
    type: BalanceType
    created: number
    description: string | null
    fee?: number
  },
): string {
  const { amount, created, currency, description, source, type } = entry
  const fee = entry.fee ?? (type === 'charge' ? portion(amount, 36, 1000) : 0)
  const transaction: StripeObject = {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: created + 4 * 86_400,
    balance_type: 'payments',
    created,
    currency,
    description,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [
            {
              amount: fee,
              application: null,
              currency,
              description: 'Stripe processing fees',
              type: 'stripe_fee',
            },
          ],
    net: amount - fee,
    reporting_category: type === 'adjustment' ? 'dispute' : type,
    source,
    status: 'pending',
    type,
  }
  service.state.balanceTransactions[transaction.id] = transaction
  return transaction.id
}
