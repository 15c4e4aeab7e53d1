import { cancelScope } from '@yuzuru/concurrency'
import { expect } from 'vitest'
import type { BillingStore } from '../src/stores/billing-store.ts'
import { givenBy, plainStatus } from './plain-model.ts'
import { reference, type Subscribed } from './subscribed.ts'

const DAY = 86_400_000
export const START: number = Date.UTC(2026, 0, 1)

/** What is done by us and by nobody else: it never ends the last one that is paid for. */
const OURS = [
  'click',
  'click in two tabs',
  'click, and crash',
  'click to change',
  'deliver',
  'deliver at once',
  'deliver, and crash before the fetch',
  'deliver, and crash in the write',
  'deliver, and cancel',
  'sync',
  'reconcile',
  'look',
  'change the plan',
] as const

/** What a person, Stripe or time does: it may end any. */
const THEIRS = [
  'pay the page',
  'cancel here',
  'resume here',
  'subscribe',
  'subscribe, unpaid',
  'subscribe in the trial',
  'pay',
  'fail to pay',
  'cancel in the portal',
  'take it back in the portal',
  'cancel with the period',
  'cancel now',
  'void the invoices',
  'collect again',
  'schedule an end',
  'let the schedule go',
  'time',
] as const

type Kind = (typeof OURS | typeof THEIRS)[number]

/** What a step may be: of two of these there are more than of the others. */
export const KINDS: readonly Kind[] = [...OURS, ...THEIRS, 'deliver', 'time']

/** One step of a life: what a person, Stripe, time, or a crash does. */
export type LifeStep = readonly [kind: Kind, at: number]

const NEVER_ENDS: ReadonlySet<Kind> = new Set(OURS)

/** A life on the sandbox's Stripe, and the webhooks that have not arrived. */
export class Life<Tx> {
  now: number = START
  readonly #open: Subscribed<Tx>
  readonly #store: BillingStore<Tx>
  readonly #received = new Set<string>()
  #trialEndsAt = 0
  /** How often each event was announced. */
  readonly announced: Map<string, number> = new Map()

  constructor(open: Subscribed<Tx>, store: BillingStore<Tx>) {
    this.#open = open
    this.#store = store
    open.stage.billing.on('event', ({ id }) => {
      this.announced.set(id, (this.announced.get(id) ?? 0) + 1)
    })
  }

  async begin(): Promise<void> {
    const { trialEndsAt } = await this.#open.stage.billing.status(reference)
    this.#trialEndsAt = trialEndsAt?.getTime() ?? 0
  }

  async do(step: LifeStep): Promise<void> {
    const paid = this.#paid()
    await this.#do(step)
    if (NEVER_ENDS.has(step[0]) && paid > 0) expect(this.#paid()).toBeGreaterThan(0)
  }

  async #do([kind, at]: LifeStep): Promise<void> {
    const { billing, server, proxy } = this.#open.stage
    const { subscriptions, subscriptionSchedules: schedules, invoices } = billing.client
    const all = server.subscriptions()
    const {
      id = '',
      latest_invoice: invoice = '',
      schedule,
    } = all[at % Math.max(1, all.length)] ?? {}
    // What Stripe refuses (to pay what is paid, to end what has ended) is refused, as to a person.
    const attempt = async (call: Promise<unknown>): Promise<void> => {
      await call.catch(() => undefined)
    }
    if (kind === 'click') await attempt(this.#click('ja'))
    if (kind === 'click in two tabs') {
      await Promise.all([attempt(this.#click('ja')), attempt(this.#click('en'))])
      this.#expectOnePage()
    }
    if (kind === 'click, and crash') {
      proxy.set({ dropReply: { when: 'POST /v1/checkout/sessions', times: 1 } })
      await attempt(this.#click(at % 2 === 0 ? 'ja' : 'en'))
      proxy.clear()
    }
    if (kind === 'click to change') await this.#clickToChange()
    if (kind === 'pay the page') {
      const page = server.checkoutSessions().find((one) => one.status === 'open')
      if (page !== undefined) await attempt(server.completeCheckout(page.id))
    }
    if (kind === 'cancel here') {
      await attempt(billing.cancel(reference, { at: at % 2 === 0 ? 'now' : 'period-end' }))
    }
    if (kind === 'resume here') await attempt(billing.resume(reference))
    if (kind === 'subscribe') await attempt(this.#open.subscribe())
    if (kind === 'subscribe, unpaid') {
      await attempt(this.#open.subscribe({ payment_behavior: 'default_incomplete' }))
    }
    if (kind === 'subscribe in the trial') {
      const trial_end = Math.floor(this.#trialEndsAt / 1_000)
      await attempt(this.#open.subscribe({ trial_end }))
    }
    if (kind === 'pay') await attempt(invoices.pay(String(invoice)))
    if (kind === 'fail to pay') await attempt(server.failPayment(id))
    if (kind === 'cancel in the portal') await this.#press('cancel', id)
    if (kind === 'take it back in the portal') await this.#press('resume', id)
    if (kind === 'cancel with the period') {
      await attempt(subscriptions.update(id, { cancel_at_period_end: true }))
    }
    if (kind === 'cancel now') await attempt(subscriptions.cancel(id))
    if (kind === 'schedule an end') {
      await attempt(
        schedules
          .create({ from_subscription: id })
          .then((made) => schedules.update(made.id, { end_behavior: 'cancel' })),
      )
    }
    if (kind === 'let the schedule go') {
      const preserve_cancel_date = at % 2 === 0
      await attempt(schedules.release(String(schedule), { preserve_cancel_date }))
    }
    if (kind === 'void the invoices') {
      await attempt(subscriptions.update(id, { pause_collection: { behavior: 'void' } }))
    }
    if (kind === 'collect again') {
      await attempt(subscriptions.update(id, { pause_collection: '' }))
    }
    if (kind === 'time') {
      this.now += (1 + (at % 40)) * DAY
      await server.settle()
    }
    if (kind === 'deliver') await this.#deliver(at)
    if (kind === 'deliver at once') {
      await Promise.all([this.#deliver(at), this.#deliver(at + 1), this.#deliver(at)])
    }
    if (kind === 'deliver, and crash before the fetch') {
      proxy.set({ status: { code: 503, when: 'GET /v1/subscriptions' } })
      await this.#deliver(at)
      proxy.clear()
    }
    if (kind === 'deliver, and crash in the write') {
      const write = this.#store.writeFetch.bind(this.#store)
      this.#store.writeFetch = async (...args) => {
        if (at % 2 === 0) await write(...args)
        throw new RangeError('the process died')
      }
      await this.#deliver(at)
      this.#store.writeFetch = write
    }
    if (kind === 'deliver, and cancel') {
      await cancelScope(async (scope) => {
        const delivery = this.#deliver(at)
        for (let turn = at % 40; turn > 0; turn -= 1) await Promise.resolve()
        scope.cancel()
        await delivery
      }).catch(() => undefined)
    }
    if (kind === 'sync') {
      await billing.sync(reference)
      await this.expectTruth()
    }
    if (kind === 'reconcile') {
      await billing.reconcile({ since: new Date(START) })
      await this.expectTruth()
    }
    if (kind === 'change the plan') {
      await attempt(billing.changePlan(reference, { price: this.#open.price }))
    }
    if (kind === 'look') await billing.status(reference)
  }

  /** All that has not arrived arrives, from the end, each twice. */
  async arriveAll(): Promise<void> {
    await this.#open.stage.server.settle()
    const events = this.#open.events().toReversed()
    for (const event of events) {
      expect((await this.#open.deliver(event)).status).toBe(200)
      expect((await this.#open.deliver(event)).status).toBe(200)
    }
    const counts = events.map(({ id }) => this.announced.get(id))
    expect(new Set(counts)).toEqual(new Set([1]))
  }

  async expectTruth(): Promise<void> {
    const { billing, server } = this.#open.stage
    const status = await billing.status(reference)
    const plain = plainStatus(server.subscriptions(), this.#trialEndsAt, this.now)
    expect({ status: status.status, isOpen: status.canUse() }).toEqual(plain)
    expect(status.trialEndsAt?.getTime()).toBe(this.#trialEndsAt)
    expect(status.subscriptions).toHaveLength(server.subscriptions().length)
  }

  /** With a policy there is one, as far as the kept one is paid for and goes on. */
  async expectOneKept(): Promise<void> {
    const { billing, server } = this.#open.stage
    await billing.sync(reference)
    const going = server
      .subscriptions()
      .filter(({ status }) => !['canceled', 'incomplete_expired', 'incomplete'].includes(status))
    const kept = givenBy(going).filter((one) => one.cancel_at === null && !one.cancel_at_period_end)
    if (kept.length === going.length) expect(kept.length).toBeLessThan(2)
  }

  /** How many there are that are paid for, or in a trial. */
  #paid(): number {
    return givenBy(this.#open.stage.server.subscriptions()).length
  }

  /** A last click: there is one page, or a subscription and none. */
  async clickOnce(): Promise<void> {
    await this.#click('ja').catch((error: { code?: string }) => {
      expect(error.code).toBe('already_subscribed')
    })
    this.#expectOnePage()
    const { server } = this.#open.stage
    const isLive = server
      .subscriptions()
      .some(({ status }) => status !== 'canceled' && status !== 'incomplete_expired')
    const pages = server.checkoutSessions().filter(({ status }) => status === 'open')
    expect(pages).toHaveLength(isLive ? 0 : 1)
  }

  #click(locale: string): Promise<unknown> {
    const { price, stage } = this.#open
    const successUrl = 'https://example.jp/'
    return stage.billing.checkout(reference, { price, locale, successUrl })
  }

  /** A click where the plan may be changed instead: what is answered so goes on. */
  async #clickToChange(): Promise<void> {
    const { price, stage } = this.#open
    const input = { price, successUrl: 'https://example.jp/', whenSubscribed: 'change' } as const
    const found = await stage.billing.checkout(reference, input).catch(() => undefined)
    if (found?.kind !== 'changed') return
    const { id } = found.subscription
    const changed = stage.server.subscriptions().find((one) => one.id === id)
    expect(changed).toMatchObject({ cancel_at: null, cancel_at_period_end: false })
  }

  #expectOnePage(): void {
    const pages = this.#open.stage.server.checkoutSessions()
    expect(pages.filter(({ status }) => status === 'open').length).toBeLessThan(2)
  }

  async #deliver(at: number): Promise<void> {
    const waiting = this.#open.events().filter(({ id }) => !this.#received.has(id))
    const event = waiting[at % Math.max(1, waiting.length)]
    if (event === undefined) return
    const { status } = await this.#open.deliver(event)
    // One that was taken may come again all the same.
    if (status === 200 && at % 3 !== 0) this.#received.add(event.id)
  }

  async #press(action: string, subscription: string): Promise<void> {
    const { customer, stage } = this.#open
    const { url } = await stage.billing.client.billingPortal.sessions.create({ customer })
    const body = new URLSearchParams({ action, subscription })
    await fetch(url, { body, method: 'POST', redirect: 'manual' })
  }
}
