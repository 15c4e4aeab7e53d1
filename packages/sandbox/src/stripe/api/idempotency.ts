import { StripeFailure } from './error.ts'
import type { StoredReply, StripeState } from '../core/state.ts'

const dayInSeconds = 86_400

/** The keys that a request holds right now: not part of the state, for no request survives a restart. */
export type KeysInFlight = Set<string>

/**
 * Claims a key for as long as its request runs.
 *
 * @throws StripeFailure 409 `idempotency_key_in_use` when another request holds it
 */
export function claimKey(inFlight: KeysInFlight, key: string): Disposable {
  if (key.length > 255) {
    throw new StripeFailure(400, 'Idempotency keys can be at most 255 characters.', {
      unstarted: true,
    })
  }
  if (inFlight.has(key)) {
    throw new StripeFailure(
      409,
      `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      { code: 'idempotency_key_in_use', unstarted: true },
    )
  }
  inFlight.add(key)
  return { [Symbol.dispose]: () => void inFlight.delete(key) }
}

/**
 * The reply to replay, or undefined when the key is new or older than 24 hours.
 *
 * @throws StripeFailure 400 `idempotency_error` when the key was used for something else
 */
export function findReply(
  state: StripeState,
  key: string,
  request: Pick<StoredReply, 'method' | 'path' | 'fingerprint'>,
  now: number,
): StoredReply | undefined {
  for (const [old, reply] of Object.entries(state.idempotency)) {
    if (reply.createdAt <= now - dayInSeconds) delete state.idempotency[old]
  }
  const stored = Object.hasOwn(state.idempotency, key) ? state.idempotency[key] : undefined
  if (!stored) return undefined
  if (stored.path !== request.path || stored.method !== request.method) {
    throw conflict(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${request.path}' vs '${stored.path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  }
  if (stored.fingerprint !== request.fingerprint) {
    throw conflict(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  }
  return stored
}

function conflict(message: string): StripeFailure {
  return new StripeFailure(400, message, { type: 'idempotency_error', unstarted: true })
}
