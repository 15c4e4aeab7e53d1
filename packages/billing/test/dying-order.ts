import { sql, type Transaction } from 'kysely'
import type { Billing } from '../src/billing.ts'
import { signWebhook } from '../src/testing/sign-webhook.ts'

export const VERBS = ['checkout', 'changePlan', 'cancel', 'webhook', 'reconcile'] as const

/** What a process does, and where in it it is killed. */
export interface DyingOrder {
  readonly databaseUrl: string
  readonly stripe: {
    readonly host: string
    readonly port: number
    readonly secretKey: string
    readonly webhookSecret: string
  }
  readonly verb: (typeof VERBS)[number]
  readonly reference: string
  readonly price: string
  /** What `'webhook'` receives. */
  readonly event: object
  /** The step at which it is killed, from 1 up. */
  readonly dieAt: number
  /** Once the step has done its work, or while the store or Stripe is at it. */
  readonly how: 'done' | 'under way'
}

/** Each notice leaves a row, in the transaction that it is of. */
export function noteAll(billing: Billing<Transaction<unknown>>): void {
  billing.on('event', async ({ id }, tx) => {
    await sql`insert into noticed (what) values (${id})`.execute(tx)
  })
  billing.on('activated', async ({ reference }, tx) => {
    await sql`insert into noticed (what) values (${reference})`.execute(tx)
  })
}

export async function act(
  billing: Billing<Transaction<unknown>>,
  { verb, reference, price, event, stripe }: DyingOrder,
): Promise<void> {
  if (verb === 'checkout') {
    await billing.checkout(reference, {
      price,
      customer: { email: 'hanako@example.jp' },
      successUrl: 'https://example.jp/',
    })
  }
  if (verb === 'changePlan') {
    await billing.changePlan(reference, { price, proration: 'always_invoice' })
  }
  if (verb === 'cancel') await billing.cancel(reference, { at: 'now' })
  if (verb === 'reconcile') await billing.reconcile()
  if (verb !== 'webhook') return
  const { body, signature } = signWebhook(JSON.stringify(event), stripe.webhookSecret)
  const headers = { 'stripe-signature': signature }
  const { status } = await billing.webhook(
    new Request('https://example.jp/', { method: 'POST', body, headers }),
  )
  if (status !== 200) throw new Error(`the webhook was answered ${status}`)
}
