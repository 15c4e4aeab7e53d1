import { missing } from '../api/error.ts'
import { newId } from './id.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { StripeEvent } from './objects.ts'
import type { StripeState } from './state.ts'

/** The version that events and replies are in: the one that stripe-node 23.1 pins. */
export const apiVersion = '2026-10-28.endive'

/** When a failed payment of a subscription is tried again, and what becomes of it in the end. */
export interface Dunning {
  /** Days after the attempt before it. */
  readonly retryAfterDays: readonly number[]
  readonly end: 'cancel' | 'leave_past_due' | 'mark_unpaid'
}

/** What a handler works with. One is made per request, so that its events name the request. */
export interface StripeService {
  readonly state: StripeState
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly dunning: Dunning
  /** The version of the request; events of the sandbox itself are in {@link apiVersion}. */
  readonly version: string
  /** Seconds since 1970, whole: of the sandbox's clock, or of a test clock. */
  now(clock?: string | null): number
  /** Runs `act` while it is `time` on that clock. */
  at<T>(clock: string | null, time: number, act: () => T): T
  /** Records an event and queues its delivery. `before` makes it an update. */
  emit(type: string, object: JsonObject, before?: JsonObject): void
  /** A service over a copy of the state: what is done with it happens nowhere. */
  rehearsal(): StripeService
}

export interface StripeServiceOptions {
  state: StripeState
  url: string
  dunning: Dunning
  now: () => number
  version?: string
  request?: { id: string; idempotencyKey: string | null }
  /** How many endpoints want events of a type. */
  endpointsFor(type: string): number
  onEvent(event: StripeEvent): void
}

export function createService(
  options: StripeServiceOptions,
  /** What time it is on which clock, where that is not its own. */
  times: Map<string | null, number> = new Map<string | null, number>(),
): StripeService {
  const { state, url, now, request, dunning, version = apiVersion } = options
  const service: StripeService = {
    state,
    url,
    dunning,
    version,
    now: (clock = null) =>
      times.get(clock) ?? (clock === null ? now() : (state.clocks[clock]?.frozen_time ?? now())),
    at(clock, time, act) {
      const outer = times.get(clock)
      times.set(clock, time)
      try {
        return act()
      } finally {
        if (outer === undefined) times.delete(clock)
        else times.set(clock, outer)
      }
    },
    emit(type, object, before) {
      const event: StripeEvent = {
        id: newId('evt'),
        object: 'event',
        api_version: apiVersion,
        created: service.now(clockOf(state, object)),
        data: {
          object: structuredClone(object),
          ...(before ? { previous_attributes: previousAttributes(before, object) } : {}),
        },
        livemode: false,
        pending_webhooks: options.endpointsFor(type),
        request: { id: request?.id ?? null, idempotency_key: request?.idempotencyKey ?? null },
        type,
      }
      state.events[event.id] = event
      options.onEvent(event)
    },
    rehearsal: () =>
      createService(
        {
          ...options,
          state: structuredClone(state),
          endpointsFor: () => 0,
          onEvent: () => undefined,
        },
        new Map(times),
      ),
  }
  return service
}

/** The test clock that an object lives by: its own, or that of its customer. */
export function clockOf(state: StripeState, object: JsonObject): string | null {
  const own = object['object'] === 'test_helpers.test_clock' ? object['id'] : object['test_clock']
  if (typeof own === 'string') return own
  const { customer } = object
  return typeof customer === 'string' ? (state.customers[customer]?.test_clock ?? null) : null
}

/** The time of a customer: that of its test clock, or the sandbox's. */
export function nowOf(service: StripeService, customer: string | null): number {
  return service.now(
    customer === null ? null : (service.state.customers[customer]?.test_clock ?? null),
  )
}

/** The stored object, or Stripe's "No such …": 404 for a path's id, 400 for a parameter's. */
export function find<T>(records: Record<string, T>, kind: string, id: string, param?: string): T {
  const record = Object.hasOwn(records, id) ? records[id] : undefined
  if (record === undefined) throw missing(kind, id, param)
  return record
}

/** A customer that is listed by is one that there is, or that was deleted: what was of it is kept. */
export function expectCustomer({ customers, deleted }: StripeState, id: string | undefined): void {
  if (id === undefined || deleted[id] === 'customer') return
  find(customers, 'customer', id, 'customer')
}

/** Changes an object in place and tells it as an update, unless nothing changed. */
export function change<T extends JsonObject>(
  service: StripeService,
  type: string,
  object: T,
  mutate: (object: T) => void,
): T {
  const before = structuredClone(object)
  mutate(object)
  if (JSON.stringify(before) !== JSON.stringify(object)) service.emit(type, object, before)
  return object
}

/** The old values of what changed; hashes are compared inside, lists as a whole. */
function previousAttributes(before: JsonObject, after: JsonObject): JsonObject {
  const previous: JsonObject = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old: Json = before[key] ?? null
    const current: Json = after[key] ?? null
    if (JSON.stringify(old) === JSON.stringify(current)) continue
    previous[key] =
      isJsonObject(old) && isJsonObject(current) ? previousAttributes(old, current) : old
  }
  return structuredClone(previous)
}
