import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { taskGroup, withTimeout } from '@yuzuru/concurrency'
import { formatTaskTree } from '@yuzuru/concurrency/inspect'
import { startStripe } from '@yuzuru/sandbox'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makePrice } from '../test/price.ts'
import { type Instead, PLANTED, PROSE, startPlanting } from '../test/planting-server.ts'
import { type VerbOf, VERBS } from '../test/verbs.ts'
import { type Billing } from './billing.ts'
import { createBilling } from './create-billing.ts'
import { memoryBillingStore } from './stores/memory-store.ts'

const CHANNELS = [
  ...['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => `tracing:yuzuru:io:${name}`),
  'yuzuru:leftover',
  'yuzuru:failure',
]

/** What is told to anybody: an operator, a log, a trace. */
class Told {
  readonly texts: Map<string, Set<string>> = new Map()

  constructor() {
    for (const name of CHANNELS) {
      const listener = (message: unknown): void => this.note('traces', message)
      subscribe(name, listener)
      onTestFinished(() => void unsubscribe(name, listener))
    }
    for (const method of ['log', 'warn', 'error', 'info', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
        this.note('logs', values)
      })
    }
    vi.spyOn(process, 'emitWarning').mockImplementation((...values: unknown[]) => {
      this.note('logs', values)
    })
    onTestFinished(() => void vi.restoreAllMocks())
  }

  /** Notes a value as whoever logs it would see it, with all that hangs on it. */
  note(where: string, value: unknown): void {
    const shown =
      typeof value === 'string' ? value : inspect(value, { depth: 20, showHidden: true })
    const texts = this.texts.get(where) ?? new Set()
    this.texts.set(where, texts.add(shown))
  }
}

/** What stands alone in a field that has a word of Stripe's. */
const WORDS = [PLANTED.address, PLANTED.card, PLANTED.key, PLANTED.clientSecret] as const

/** Stripe's refusals, with everything in every field, and what stands in front of Stripe. */
const REFUSALS: readonly (Instead | 'cut' | undefined)[] = [
  undefined,
  ...[400, 401, 402, 403, 404, 409, 429, 500].flatMap((status) =>
    WORDS.map((word): Instead => {
      const error = {
        type: status === 402 ? 'card_error' : 'invalid_request_error',
        message: PROSE,
        code: word,
        decline_code: word,
        param: word,
        doc_url: `https://stripe.com/docs?${word}`,
        request_log_url: `https://dashboard.stripe.com/${word}`,
        payment_intent: { id: 'pi_1', object: 'payment_intent', client_secret: word },
        payment_method: { id: 'pm_1', object: 'payment_method', card: { last4: word } },
        charge: word,
        advice_code: word,
        network_decline_code: word,
        user_message: PROSE,
      }
      const headers = { 'request-id': word, 'stripe-should-retry': 'false' }
      return { status, headers, body: JSON.stringify({ error }) }
    }),
  ),
  { status: 200, body: JSON.stringify({ object: PROSE, id: PROSE, message: PROSE }) },
  { status: 200, body: `<html>${PROSE}</html>` },
  { status: 502, body: PROSE },
  'cut',
]

const successUrl = `https://app.example.jp/${PLANTED.address}`

/** What takes personal data, beside the verbs. */
const TAKING: Readonly<Record<string, (billing: Billing, of: VerbOf) => Promise<unknown>>> = {
  'ensureCustomer with all': (billing, { reference }) => {
    const { address: email, name, phone, street } = PLANTED
    const native = { phone, address: { line1: street }, description: PROSE }
    return billing.ensureCustomer({ reference: `${reference} all`, email, name, native } as never)
  },
  'checkout with all': (billing, { reference, price }) => {
    const { address: email, name } = PLANTED
    const native = {
      metadata: { [PLANTED.address]: PROSE },
      custom_text: { submit: { message: PROSE } },
    }
    const input = { price, customer: { email, name }, successUrl, native }
    return billing.checkout(`${reference} page`, input)
  },
  'the native client': ({ client }) =>
    client.customers.create({ email: PLANTED.address, name: PLANTED.name, description: PROSE }),
  'a native card': ({ client }) =>
    client.paymentMethods.create({ type: 'card', card: { number: PLANTED.card } }),
  'a wrong address': (billing, { reference }) =>
    billing.ensureCustomer({ reference, email: `no ${PROSE}` }),
  'a wrong option': (billing, { reference }) =>
    billing.status(reference, { timeoutMs: PROSE } as never),
  'a webhook of nobody': (billing) =>
    billing.webhook(
      new Request(successUrl, {
        method: 'POST',
        body: PROSE,
        headers: { 'stripe-signature': `t=1,v1=${PLANTED.webhookSecret}` },
      }),
    ),
}

test('no address, card or key is in traces, logs, errors or the task tree, whatever Stripe answers and is sent', async () => {
  const told = new Told()
  await using stripe = await startStripe({ secretKey: PLANTED.key })
  let instead: Instead | 'cut' | undefined
  await using server = await startPlanting(stripe.url, () => {
    // An age may have the digits of a card.
    told.note('task tree', formatTaskTree().replaceAll(/\d+ ms/g, '… ms'))
    return instead
  })
  const { webhookSecret } = stripe
  const common = {
    store: memoryBillingStore(),
    webhookSecret: [PLANTED.webhookSecret, webhookSecret],
    report: (problem: unknown) => told.note('logs', problem),
    prices: { other: { features: [] } },
  }
  await using billing = createBilling({
    ...common,
    secretKey: stripe.secretKey,
    apiBase: server.url,
    attempts: 1,
  })
  const reference = 'office-1'
  const { id: price } = await makePrice(billing)
  const { customerId: customer } = await billing.ensureCustomer({
    reference,
    email: PLANTED.address,
  })
  await billing.client.paymentMethods.attach('pm_card_visa', { customer })
  const subscription = await billing.client.subscriptions.create({
    customer,
    items: [{ price }],
    payment_behavior: 'default_incomplete',
  })
  const event = stripe.events().find(({ data }) => data.object['id'] === subscription.id) ?? {}
  const all = { ...event, customer_email: PLANTED.address, description: PROSE }
  const of: VerbOf = { reference, price, customer, event: all, webhookSecret }
  const verbs = { ...VERBS, ...TAKING }
  let failures = 0
  for (instead of REFUSALS) {
    await taskGroup(async (group) => {
      for (const verb of Object.values(verbs)) {
        group.spawn(async () => {
          try {
            await withTimeout(10_000, () => verb(billing, of, {}))
          } catch (error) {
            failures += 1
            told.note('errors', error)
          }
        })
      }
    })
  }
  const texts = Array.from(told.texts, ([where, shown]) => [where, [...shown].join('\n')] as const)
  const leaks = texts.flatMap(([where, text]) =>
    [...Object.entries(PLANTED), ['the key in use', stripe.secretKey] as const].flatMap(
      ([what, secret]) => {
        const at = text.indexOf(secret)
        if (at < 0) return []
        return [`${what} in ${where}: …${text.slice(Math.max(0, at - 200), at + secret.length)}…`]
      },
    ),
  )
  expect(leaks).toEqual([])
  // Each of the four was looked at, and failures were among what was seen there.
  expect(new Set(told.texts.keys())).toEqual(new Set(['traces', 'logs', 'errors', 'task tree']))
  expect(failures).toBeGreaterThan(REFUSALS.length * 10)
})

test('what would be told is heard', async () => {
  const told = new Told()
  console.warn(PLANTED.address)
  const error = new Error('an error', { cause: { deep: [PLANTED.card] } })
  told.note('errors', error)
  expect([...(told.texts.get('logs') ?? [])].join()).toContain(PLANTED.address)
  expect([...(told.texts.get('errors') ?? [])].join()).toContain(PLANTED.card)
})
