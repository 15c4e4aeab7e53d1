import { setTimeout as delay } from 'node:timers/promises'

import { signatureHeader } from './signature.ts'
import type { StripeEvent } from './state.ts'
import { postWebhook } from './webhook-post.ts'

/** One attempt to deliver one event. */
export interface WebhookDelivery {
  readonly eventId: string
  readonly type: string
  /** 1 for the first attempt of a delivery. */
  readonly attempt: number
  /** The receiver's status, or undefined when there was no reply. */
  readonly status?: number
  readonly delivered: boolean
}

export interface WebhookOptions {
  readonly secret: string
  /** Waits between the attempts of one delivery, in milliseconds. */
  readonly retryDelaysMs: readonly number[]
  readonly timeoutMs: number
  readonly now: () => number
  event(id: string): StripeEvent | undefined
  pending(): readonly string[]
}

/** Delivers events to one endpoint, one after the other, in the order in which they happened. */
export class Webhooks {
  readonly #options: WebhookOptions
  readonly #closing = new AbortController()
  readonly #attempts: WebhookDelivery[] = []
  #url: string | undefined
  #paused = false
  #held: string[] = []
  #tail: Promise<unknown> = Promise.resolve()

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  /** Where events go, or undefined while there is no endpoint. */
  get url(): string | undefined {
    return this.#url
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

  /** Queues an event; while paused it is held back. Events before there is an endpoint are not sent. */
  enqueue(id: string): void {
    if (this.#url === undefined) return
    if (this.#paused) this.#held.push(id)
    else void this.#inTurn(() => this.#deliver(id))
  }

  /** Holds back what happens from now on, until {@link resume}. */
  pause(): void {
    this.#paused = true
  }

  /**
   * Sends what was held back, in the order that `arrange` gives: reversed, doubled, or thinned out.
   *
   * @returns when all of it has been delivered or given up
   */
  async resume(
    arrange: (ids: readonly string[]) => readonly string[] = (ids) => ids,
  ): Promise<void> {
    this.#paused = false
    const held = this.#held
    this.#held = []
    for (const id of arrange(held)) this.enqueue(id)
    await this.idle()
  }

  /** Sends an event once more, after what is queued. @returns whether the endpoint accepted it */
  async redeliver(id: string): Promise<boolean> {
    if (this.#options.event(id) === undefined) {
      throw new TypeError(`Expected the id of an event, got ${JSON.stringify(id)}`)
    }
    if (this.#url === undefined) throw new TypeError('Expected a webhook URL to be set first')
    return this.#inTurn(() => this.#deliver(id))
  }

  /** Resolves when nothing is queued and nothing is under way. */
  async idle(): Promise<void> {
    let seen: Promise<unknown> | undefined
    while (seen !== this.#tail) {
      seen = this.#tail
      await seen
    }
  }

  /** Every attempt so far, oldest first. */
  attempts(): readonly WebhookDelivery[] {
    return [...this.#attempts]
  }

  /** Ends the delivery under way and drops the rest. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the sandbox was closed'))
    await this.idle()
  }

  #inTurn(deliver: () => Promise<boolean>): Promise<boolean> {
    const turn = this.#tail.then(deliver)
    this.#tail = turn
    return turn
  }

  async #deliver(id: string): Promise<boolean> {
    const { retryDelaysMs } = this.#options
    for (let attempt = 1; attempt <= retryDelaysMs.length + 1; attempt++) {
      if (attempt > 1) await this.#wait(retryDelaysMs[attempt - 2] ?? 0)
      if (this.#closing.signal.aborted) return false
      if (await this.#attempt(id, attempt)) return true
    }
    return false
  }

  async #attempt(id: string, attempt: number): Promise<boolean> {
    const event = this.#options.event(id)
    if (!event || this.#url === undefined) return false
    const { secret, timeoutMs, now } = this.#options
    const payload = JSON.stringify(event, null, 2)
    const signature = signatureHeader(payload, secret, now())
    const { signal } = this.#closing
    const status = await postWebhook(this.#url, payload, signature, { timeoutMs, signal }).catch(
      () => undefined,
    )
    const delivered = status !== undefined && status >= 200 && status < 300
    if (delivered) event.pending_webhooks = 0
    const record = { eventId: id, type: event.type, attempt, delivered }
    this.#attempts.push(status === undefined ? record : { ...record, status })
    return delivered
  }

  async #wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}
