import { missing } from './error.ts'
import { newId } from './id.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { StripeEvent, StripeState } from './state.ts'

/** The version that events and replies are in: the one that stripe-node 23.1 pins. */
export const apiVersion = '2026-10-28.endive'

/** What a handler works with. One is made per request, so that its events name the request. */
export interface StripeService {
  readonly state: StripeState
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Seconds since 1970, whole. */
  now(): number
  /** Records an event and queues its delivery. `before` makes it an update. */
  emit(type: string, object: JsonObject, before?: JsonObject): void
}

export interface StripeServiceOptions {
  state: StripeState
  url: string
  now: () => number
  request?: { id: string; idempotencyKey: string | null }
  hasEndpoint(): boolean
  onEvent(event: StripeEvent): void
}

export function createService(options: StripeServiceOptions): StripeService {
  const { state, url, now, request } = options
  return {
    state,
    url,
    now,
    emit(type, object, before) {
      const event: StripeEvent = {
        id: newId('evt'),
        object: 'event',
        api_version: apiVersion,
        created: now(),
        data: {
          object: structuredClone(object),
          ...(before ? { previous_attributes: previousAttributes(before, object) } : {}),
        },
        livemode: false,
        pending_webhooks: options.hasEndpoint() ? 1 : 0,
        request: { id: request?.id ?? null, idempotency_key: request?.idempotencyKey ?? null },
        type,
      }
      state.events[event.id] = event
      options.onEvent(event)
    },
  }
}

/** The stored object, or Stripe's "No such …": 404 for a path's id, 400 for a parameter's. */
export function find<T>(records: Record<string, T>, kind: string, id: string, param?: string): T {
  const record = Object.hasOwn(records, id) ? records[id] : undefined
  if (record === undefined) throw missing(kind, id, param)
  return record
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
