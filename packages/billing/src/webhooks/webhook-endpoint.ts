import { orAborted } from '@yuzuru/concurrency/boundary'
import { Cancelled } from '@yuzuru/concurrency'
import { BillingError } from '../billing-error.ts'
import { codeOf, type Report } from '../status/billing-problem.ts'
import type { ReceivedEvent } from '../status/notice.ts'
import type { FetchWritten } from '../stores/account-record.ts'
import type { Sync } from '../sync/sync.ts'
import { readBody } from './read-body.ts'
import { subscriptionIdOf } from './subscription-id.ts'
import { type DeliveryInit, readDelivery } from './read-delivery.ts'

/** What a {@link WebhookEndpoint} is made of. */
export interface WebhookEndpointInit<Tx> {
  readonly delivery: DeliveryInit
  readonly sync: Pick<Sync<Tx>, 'one' | 'mark' | 'subject'>
  readonly report: Report
}

/**
 * Receives Stripe's deliveries. Whatever an event says, it only means "ask for this subscription again": so
 * it matters neither in which order events come, nor how often, nor of which version they are. The event is
 * marked in the transaction that writes what was fetched; when that fails, nothing is marked, and the 5xx
 * has Stripe deliver it again (https://docs.stripe.com/webhooks#automatic-retries).
 */
export class WebhookEndpoint<Tx> {
  readonly #init: WebhookEndpointInit<Tx>

  constructor(init: WebhookEndpointInit<Tx>) {
    this.#init = init
  }

  async receive(request: Request, signal: AbortSignal): Promise<Response> {
    if (request.method !== 'POST') return answer(405, 'Expected a POST', { allow: 'POST' })
    const body = await orAborted(readBody(request), signal)
    if (body === undefined) return answer(413, 'Expected at most 1 MiB')
    let event: ReceivedEvent
    try {
      event = readDelivery(this.#init.delivery, body, request.headers.get('stripe-signature'))
    } catch (error) {
      if (BillingError.isInstance(error)) return answer(400, error.code)
      throw error
    }
    try {
      const { duplicate } = await this.#refresh(event)
      return answer(200, duplicate ? 'received before' : 'received')
    } catch (error) {
      if (Cancelled.isInstance(error)) throw error
      const detail = codeOf(error)
      this.#init.report({ kind: 'webhook_failed', id: event.id, detail, error })
      return answer(BillingError.isInstance(error) ? 503 : 500, detail)
    }
  }

  async #refresh(event: ReceivedEvent): Promise<FetchWritten> {
    const { sync } = this.#init
    const subscription = subscriptionIdOf(await this.#subjectOf(event))
    return subscription === undefined ? await sync.mark(event) : await sync.one(subscription, event)
  }

  /** What it is about; nothing when it is of an account of Connect, as that can't be asked for with this key. */
  async #subjectOf({ native }: ReceivedEvent): Promise<unknown> {
    if (native.object === 'event') {
      return typeof native.account === 'string' ? undefined : native.data.object
    }
    const { context, related_object: related } = native
    if (typeof context === 'string' || !related) return undefined
    return await this.#init.sync.subject(related)
  }
}

function answer(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers: { ...headers, 'content-type': 'text/plain' } })
}
