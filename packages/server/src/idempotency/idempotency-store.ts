/** The right to run one request: good while its key's row says `running` with this token. A later claim has another. */
export interface KeyClaim {
  /** Stands for the caller and the key: 43 letters and digits from which neither can be read. */
  readonly id: string
  /** Random: no two claims have the same. */
  readonly token: string
}

/** A request for a key. */
export interface ClaimRequest extends KeyClaim {
  /** Stands for the request: method, path, query, content type and body. */
  readonly fingerprint: string
  /** Whether another process may run the request again when this one is silent for longer than its lease. */
  readonly repeatable: boolean
  /** How long the claim is good unless it is renewed, in milliseconds. */
  readonly leaseMs: number
  /** How long the key is kept, in milliseconds. */
  readonly ttlMs: number
}

/** An answer as it is kept. */
export interface StoredAnswer {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/**
 * What became of a claim.
 *
 * - `'claimed'`: the key is this claim's.
 * - `'running'`: another claim's, which is good.
 * - `'answered'`: the request has its answer.
 * - `'unknown'`: an attempt may have had its effect or not; it must not be repeated.
 * - `'conflict'`: the key was used for another request.
 */
export type ClaimResult =
  | { readonly state: 'claimed' | 'running' | 'unknown' | 'conflict' }
  | { readonly state: 'answered'; readonly answer: StoredAnswer }

/**
 * What becomes of a claim that ends without an answer.
 *
 * - `'free'`: the key is forgotten; nothing has happened.
 * - `'again'`: the same request may claim it at once; another request may not.
 * - `'unknown'`: it cannot be claimed until it expires.
 */
export type ReleaseTo = 'free' | 'again' | 'unknown'

/**
 * Where {@link idempotent} keeps keys and answers. Each method is atomic, and durable when it returns.
 * Ships for Kysely (`@yuzuru/server/kysely`) and in memory (`@yuzuru/server/testing`);
 * `exerciseIdempotencyStore` of `/testing` tries one of your own.
 *
 * @typeParam Tx what a handler gets to take part in the transaction of its answer
 */
export interface IdempotencyStore<Tx = unknown> {
  /**
   * Takes the key, or says why not. Waits for no transaction that is under way. The same claim twice is the
   * same as once. A key that has expired counts as one that was never used.
   */
  claim(request: ClaimRequest): Promise<ClaimResult>
  /** Makes the claim good for `leaseMs` from now on. Gives `false` if it no longer stands. */
  renew(claim: KeyClaim, leaseMs: number): Promise<boolean>
  /**
   * Calls `fn` in a transaction: commits when it returns, rolls back when it throws. It may call `fn` again
   * if what it did was undone.
   */
  transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Keeps the answer for `ttlMs` from now on, within `tx` if there is one. Gives `false`, and changes
   * nothing, if the claim no longer stands. From here to the end of `tx` no other claim gets the key.
   */
  finish(claim: KeyClaim, answer: StoredAnswer, ttlMs: number, tx?: Tx): Promise<boolean>
  /**
   * Ends a claim that has no answer. Waits for a transaction in which it was finished, whose end its caller
   * may not have learnt: `'answered'` if that has committed; `'lost'` if the claim no longer stands.
   */
  release(claim: KeyClaim, to: ReleaseTo): Promise<'released' | 'answered' | 'lost'>
  /** Removes up to `limit` keys that have expired; gives how many. {@link claim} removes a few by itself. */
  prune(limit: number): Promise<number>
}
