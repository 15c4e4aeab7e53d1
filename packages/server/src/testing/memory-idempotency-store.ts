import { currentClock } from '@yuzuru/concurrency'
import { expectInteger } from '@yuzuru/concurrency/boundary'
import { Event } from '@yuzuru/concurrency/sync'
import type {
  ClaimRequest,
  ClaimResult,
  IdempotencyStore,
  KeyClaim,
  ReleaseTo,
  StoredAnswer,
} from '../idempotency/idempotency-store.ts'

/** A transaction in memory: what is handed to it happens when it commits, and not at all if it rolls back. */
export interface MemoryTransaction {
  /** Has `fn` called at the commit, in order; it must not throw. */
  onCommit(fn: () => void): void
}

/** A store in memory, by the process's clock: for tests, and gone with the process. */
export function memoryIdempotencyStore(): IdempotencyStore<MemoryTransaction> {
  return new MemoryIdempotencyStore()
}

interface Row extends ClaimRequest {
  readonly state: 'running' | 'unknown' | 'answered'
  readonly leaseUntil: number
  readonly expiresAt: number
  readonly answer?: StoredAnswer | undefined
}

class OpenTransaction implements MemoryTransaction {
  readonly ended: Event = new Event({ name: 'end of a transaction' })
  readonly finished: string[] = []
  readonly commits: (() => void)[] = []

  onCommit(fn: () => void): void {
    this.commits.push(fn)
  }
}

/** How many expired keys a claim removes. */
const PRUNED_BY_CLAIM = 10

class MemoryIdempotencyStore implements IdempotencyStore<MemoryTransaction> {
  readonly #rows = new Map<string, Row>()
  /** Rows that a transaction has finished and that no other may change before its end. */
  readonly #locks = new Map<string, OpenTransaction>()

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    this.#prune(PRUNED_BY_CLAIM, request.id)
    const row = this.#rows.get(request.id)
    if (row === undefined) return this.#take(request)
    const { state, token, answer } = row
    if (token === request.token && state === 'running') return { state: 'claimed' }
    const now = currentClock().now()
    if (isExpired(row, now)) return this.#take(request)
    if (row.fingerprint !== request.fingerprint) return { state: 'conflict' }
    if (state === 'answered' && answer !== undefined) return { state, answer: copied(answer) }
    if (state === 'unknown') return { state }
    if (row.leaseUntil > now) return { state: 'running' }
    return row.repeatable ? this.#take(request) : { state: 'unknown' }
  }

  async renew(claim: KeyClaim, leaseMs: number): Promise<boolean> {
    const row = this.#running(claim)
    if (row === undefined) return false
    this.#change(row, { leaseUntil: after(leaseMs) })
    return true
  }

  async transaction<T>(fn: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    const tx = new OpenTransaction()
    try {
      const value = await fn(tx)
      for (const commit of tx.commits) commit()
      return value
    } finally {
      for (const id of tx.finished) this.#locks.delete(id)
      tx.ended.set()
    }
  }

  async finish(
    claim: KeyClaim,
    answer: StoredAnswer,
    ttlMs: number,
    tx?: MemoryTransaction,
  ): Promise<boolean> {
    await this.#unlocked(claim.id)
    const row = this.#rows.get(claim.id)
    if (row?.token !== claim.token || row.state === 'unknown') return false
    const kept = copied(answer)
    // The row as it is then: it may be renewed until the transaction ends.
    const finish = (): void =>
      this.#change(this.#rows.get(claim.id) ?? row, {
        state: 'answered',
        answer: kept,
        expiresAt: after(ttlMs),
      })
    if (!(tx instanceof OpenTransaction)) {
      finish()
      return true
    }
    this.#locks.set(claim.id, tx)
    tx.finished.push(claim.id)
    tx.onCommit(finish)
    return true
  }

  async release(claim: KeyClaim, to: ReleaseTo): Promise<'released' | 'answered' | 'lost'> {
    await this.#unlocked(claim.id)
    const row = this.#rows.get(claim.id)
    if (row?.token !== claim.token) return 'lost'
    if (row.state === 'answered') return 'answered'
    if (row.state === 'unknown') return 'released'
    if (to === 'free') this.#rows.delete(claim.id)
    else if (to === 'unknown') this.#change(row, { state: 'unknown' })
    else this.#change(row, { leaseUntil: after(0), repeatable: true })
    return 'released'
  }

  async prune(limit: number): Promise<number> {
    expectInteger('limit', limit, 1, 10_000)
    return this.#prune(limit)
  }

  #prune(limit: number, except?: string): number {
    const now = currentClock().now()
    const expired = [...this.#rows.values()]
      .filter((row) => isExpired(row, now) && row.id !== except && !this.#locks.has(row.id))
      .toSorted((a, b) => a.expiresAt - b.expiresAt)
      .slice(0, limit)
    for (const { id } of expired) this.#rows.delete(id)
    return expired.length
  }

  #take(request: ClaimRequest): ClaimResult {
    if (this.#locks.has(request.id)) return { state: 'running' }
    const { leaseMs, ttlMs } = request
    const times = { leaseUntil: after(leaseMs), expiresAt: after(ttlMs) }
    this.#rows.set(request.id, { ...request, ...times, state: 'running' })
    return { state: 'claimed' }
  }

  #running({ id, token }: KeyClaim): Row | undefined {
    const row = this.#rows.get(id)
    return row?.token === token && row.state === 'running' ? row : undefined
  }

  #change(row: Row, change: Partial<Row>): void {
    this.#rows.set(row.id, { ...row, ...change })
  }

  async #unlocked(id: string): Promise<void> {
    for (let tx = this.#locks.get(id); tx !== undefined; tx = this.#locks.get(id)) {
      await tx.ended.wait()
    }
  }
}

function after(delayMs: number): number {
  return currentClock().now() + delayMs
}

function isExpired({ expiresAt, leaseUntil }: Row, now: number): boolean {
  return Math.max(expiresAt, leaseUntil) <= now
}

/** A copy: the caller could change its bytes. */
function copied({ status, headers, body }: StoredAnswer): StoredAnswer {
  return { status, headers: headers.map(([name, value]) => [name, value]), body: body.slice() }
}
