import { setTimeout as delay } from 'node:timers/promises'

import { inVersion } from '../api/versions.ts'
import type { StripeEvent } from '../core/objects.ts'
import type { WaitingDelivery } from '../core/state.ts'
import { type Destination, thinEvent } from './destinations.ts'
import { signatureHeader } from './signature.ts'
import { postWebhook } from './webhook-post.ts'

/** One attempt to deliver one event to one endpoint. */
export interface WebhookDelivery {
  readonly eventId: string
  readonly type: string
  /** The endpoint's id, `we_sandbox` for the one of `setWebhookUrl`. */
  readonly endpoint: string
  /** 1 for the first attempt of a delivery. */
  readonly attempt: number
  /** The receiver's status, or undefined when there was no reply. */
  readonly status?: number
  readonly delivered: boolean
}

export interface WebhookOptions {
  readonly secret: string
  /** `'at-once'`: every event as soon as it happens; `'in-turn'`: the next one after the one before. */
  readonly order: 'at-once' | 'in-turn'
  /** Waits between the attempts of one delivery in milliseconds, or Stripe's own on the sandbox's clock. */
  readonly retries: 'stripe' | readonly number[]
  readonly timeoutMs: number
  /** Seconds since 1970. */
  readonly now: () => number
  readonly apiVersion: string
  event(id: string): StripeEvent | undefined
  pending(): readonly string[]
  /** The endpoints of the API. */
  endpoints(): readonly Destination[]
  /** Failed deliveries that wait for their time: a part of the state. */
  waiting(): WaitingDelivery[]
}

/**
 * Seconds after each failed attempt: longer and longer, for three days in all.
 * Source: https://docs.stripe.com/webhooks#automatic-retries
 */
const stripeRetries: readonly number[] = [
  300, 1800, 7200, 18_000, 36_000, 36_000, 43_200, 43_200, 43_200,
]

const ownId = 'we_sandbox'

/** Delivers events to every endpoint that wants them. */
export class Webhooks {
  readonly #options: WebhookOptions
  readonly #closing = new AbortController()
  readonly #attempts: WebhookDelivery[] = []
  readonly #running = new Set<Promise<unknown>>()
  #url: string | undefined
  #isPaused = false
  #held: string[] = []
  #tail: Promise<unknown> = Promise.resolve()

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  /** How many endpoints want events of this type. */
  count(type: string): number {
    return this.#destinations().filter((destination) => destination.wants(type)).length
  }

  #destinations(): Destination[] {
    const { secret, apiVersion } = this.#options
    const own =
      this.#url === undefined
        ? []
        : [{ id: ownId, url: this.#url, secret, apiVersion, isThin: false, wants: () => true }]
    return [...own, ...this.#options.endpoints()]
  }

  /** Sets or removes the endpoint. What an earlier run left undelivered is sent to the new one. */
  setUrl(url: string | undefined): void {
    if (url !== undefined && !/^https?:$/.test(new URL(url).protocol)) {
      throw new TypeError(`Expected an http(s) URL, got ${new URL(url).protocol}`)
    }
    const isFirst = this.#url === undefined
    this.#url = url
    if (url !== undefined && isFirst) for (const id of this.#options.pending()) this.enqueue(id)
  }

  /** Sends an event on; while paused it is held back. Events before there is an endpoint are not sent. */
  enqueue(id: string): void {
    const event = this.#options.event(id)
    if (!event || this.count(event.type) === 0) return
    if (this.#isPaused) this.#held.push(id)
    else if (this.#options.order === 'in-turn') void this.#inTurn(() => this.#toAll(id))
    else void this.#track(this.#toAll(id))
  }

  /** Holds back what happens from now on, until {@link resume}. */
  pause(): void {
    this.#isPaused = true
  }

  /**
   * Sends what was held back one after the other, in the order that `arrange` gives: reversed, doubled,
   * or thinned out.
   *
   * @returns when all of it has been delivered or given up
   */
  async resume(
    arrange: (ids: readonly string[]) => readonly string[] = (ids) => ids,
  ): Promise<void> {
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    for (const id of arrange(held)) void this.#inTurn(() => this.#toAll(id))
    await this.idle()
  }

  /** Sends an event once more, after what is queued. @returns whether every endpoint accepted it */
  async redeliver(id: string): Promise<boolean> {
    const event = this.#options.event(id)
    if (event === undefined) {
      throw new TypeError(`Expected the id of an event, got ${JSON.stringify(id)}`)
    }
    if (this.count(event.type) === 0) throw new TypeError('Expected a webhook URL to be set first')
    return this.#inTurn(() => this.#toAll(id))
  }

  /** Resolves when nothing is queued and nothing is under way. */
  async idle(): Promise<void> {
    let seen: Promise<unknown> | undefined
    while (seen !== this.#tail || this.#running.size > 0) {
      seen = this.#tail
      await Promise.all([seen, ...this.#running])
    }
  }

  /** Tries again what the sandbox's clock has made due. */
  sendDue(): void {
    const waiting = this.#options.waiting()
    const now = this.#options.now()
    const due = waiting.filter(({ at }) => at <= now)
    for (const delivery of due) {
      waiting.splice(waiting.indexOf(delivery), 1)
      const destination = this.#destinations().find(({ id }) => id === delivery.endpoint)
      if (destination)
        void this.#track(this.#deliver(delivery.event, destination, delivery.attempt))
    }
  }

  /** Every attempt so far, oldest first. */
  attempts(): readonly WebhookDelivery[] {
    return [...this.#attempts]
  }

  /** Ends the deliveries under way and drops the rest. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the sandbox was closed'))
    await this.idle()
  }

  #inTurn(deliver: () => Promise<boolean>): Promise<boolean> {
    const turn = this.#tail.then(deliver)
    this.#tail = turn
    return turn
  }

  #track(delivery: Promise<boolean>): Promise<boolean> {
    this.#running.add(delivery)
    void delivery.finally(() => this.#running.delete(delivery))
    return delivery
  }

  async #toAll(id: string): Promise<boolean> {
    const event = this.#options.event(id)
    const wanting = this.#destinations().filter((each) => event && each.wants(event.type))
    const accepted = await Promise.all(
      wanting.map((destination) => this.#deliver(id, destination, 1)),
    )
    return accepted.every(Boolean)
  }

  /** The attempts that are made now; with Stripe's own waits the next one is left to the clock. */
  async #deliver(id: string, destination: Destination, first: number): Promise<boolean> {
    const { retries } = this.#options
    for (let attempt = first; ; attempt += 1) {
      if (this.#closing.signal.aborted) return false
      if (await this.#attempt(id, destination, attempt)) return true
      const wait = (retries === 'stripe' ? stripeRetries : retries)[attempt - 1]
      if (wait === undefined) return false
      if (retries === 'stripe') {
        this.#options.waiting().push({
          at: this.#options.now() + wait,
          attempt: attempt + 1,
          endpoint: destination.id,
          event: id,
        })
        return false
      }
      await this.#wait(wait)
    }
  }

  async #attempt(id: string, destination: Destination, attempt: number): Promise<boolean> {
    const event = this.#options.event(id)
    if (!event) return false
    const { timeoutMs } = this.#options
    const payload = JSON.stringify(payloadFor(event, destination), null, 2)
    const signature = signatureHeader(payload, destination.secret, this.#options.now())
    const { signal } = this.#closing
    const status = await postWebhook(destination.url, payload, signature, {
      timeoutMs,
      signal,
    }).catch(() => undefined)
    const delivered = status !== undefined && status >= 200 && status < 300
    if (delivered && event.pending_webhooks > 0) event.pending_webhooks -= 1
    const record = { eventId: id, type: event.type, endpoint: destination.id, attempt, delivered }
    this.#attempts.push(status === undefined ? record : { ...record, status })
    return delivered
  }

  async #wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}

/** The event in the endpoint's own version, or as a thin one. */
function payloadFor(event: StripeEvent, { apiVersion, isThin }: Destination): object {
  if (isThin) return thinEvent(event)
  return {
    ...event,
    api_version: apiVersion,
    data: inVersion(event.data, apiVersion),
  }
}
