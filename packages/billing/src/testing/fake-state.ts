import { randomBytes } from 'node:crypto'
import type { Stripe } from 'stripe'

/** What the fake keeps: the fields that an app reads, of the objects that billing makes. */
export interface FakeState {
  readonly customers: Map<string, Stripe.Customer>
  readonly sessions: Map<string, Stripe.Checkout.Session>
  readonly subscriptions: Map<string, Stripe.Subscription>
  readonly events: Map<string, Stripe.Event>
  /** What was counted, by the name of each. */
  readonly usage: Map<string, FakeUsage>
  readonly replies: Map<string, { readonly fingerprint: string; readonly reply: FakeReply }>
  /** Keys of requests that have not been answered. */
  readonly inFlight: Set<string>
  /** Seconds since 1970. */
  readonly now: () => number
}

/** Usage that was counted. */
export interface FakeUsage {
  readonly meter: string
  readonly customerId: string
  readonly value: number
  readonly id: string
}

/** An answer before it is sent. */
export interface FakeReply {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** A fresh, empty Stripe. */
export function emptyState(now: () => number): FakeState {
  return {
    customers: new Map(),
    sessions: new Map(),
    subscriptions: new Map(),
    events: new Map(),
    usage: new Map(),
    replies: new Map(),
    inFlight: new Set(),
    now: () => Math.floor(now() / 1_000),
  }
}

export function fakeId(prefix: string): string {
  return `${prefix}_${randomBytes(9).toString('hex')}`
}

/** An answer in the shape of Stripe's errors. */
export function refusal(
  status: number,
  message: string,
  details: { readonly type?: string; readonly code?: string; readonly param?: string } = {},
): FakeReply {
  return { status, body: { error: { type: 'invalid_request_error', message, ...details } } }
}

export function missing(kind: string, id: string, status: 400 | 404, param = 'id'): FakeReply {
  return refusal(status, `No such ${kind}: '${id}'`, { code: 'resource_missing', param })
}

export function found(body: object): FakeReply {
  return { status: 200, body }
}

export function listed(data: readonly object[]): FakeReply {
  return found({ object: 'list', data, has_more: false, url: '' })
}

/** The metadata among flat form fields: `metadata[key]`, or `subscription_data[metadata][key]`. */
export function metadataOf(fields: URLSearchParams, prefix = 'metadata'): Record<string, string> {
  const start = `${prefix}[`
  return Object.fromEntries(
    [...fields]
      .filter(([name]) => name.startsWith(start))
      .map(([name, value]) => [name.slice(start.length, -1), value]),
  )
}
