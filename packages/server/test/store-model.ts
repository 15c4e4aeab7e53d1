import type { ClaimRequest, KeyClaim, ReleaseTo } from '../src/idempotency/idempotency-store.ts'

interface Row {
  readonly token: string
  readonly fingerprint: string
  readonly repeatable: boolean
  readonly state: 'running' | 'unknown' | 'answered'
  readonly isLapsed: boolean
  readonly isOld: boolean
}

/** What an `IdempotencyStore` does, where times are either 0 or too long to pass. */
export class StoreModel {
  readonly #rows = new Map<string, Row>()
  /** The row as it will be, of keys that an open transaction has finished. */
  readonly #finished = new Map<string, Row>()

  claim({ id, token, fingerprint, repeatable, leaseMs, ttlMs }: ClaimRequest): string {
    this.prune(id)
    const row = this.#rows.get(id)
    const take = (): string => {
      if (this.#finished.has(id)) return 'running'
      const times = { isLapsed: leaseMs === 0, isOld: ttlMs === 0 }
      this.#rows.set(id, { token, fingerprint, repeatable, state: 'running', ...times })
      return 'claimed'
    }
    if (row === undefined || (row.isLapsed && row.isOld)) return take()
    if (row.fingerprint !== fingerprint) return 'conflict'
    if (row.state !== 'running') return row.state
    if (!row.isLapsed) return 'running'
    return row.repeatable ? take() : 'unknown'
  }

  renew(claim: KeyClaim, leaseMs: number): boolean {
    const row = this.#mine(claim)
    if (row?.state !== 'running') return false
    this.#rows.set(claim.id, { ...row, isLapsed: leaseMs === 0 })
    const finished = this.#finished.get(claim.id)
    if (finished !== undefined) {
      this.#finished.set(claim.id, { ...finished, isLapsed: leaseMs === 0 })
    }
    return true
  }

  finish(claim: KeyClaim, ttlMs: number): boolean {
    const finished = this.open(claim, ttlMs)
    if (finished) this.end(claim.id, true)
    return finished
  }

  open(claim: KeyClaim, ttlMs: number): boolean {
    const row = this.#mine(claim)
    if (row === undefined || row.state === 'unknown') return false
    this.#finished.set(claim.id, { ...row, state: 'answered', isOld: ttlMs === 0 })
    return true
  }

  end(id: string, commits: boolean): void {
    const row = this.#finished.get(id)
    if (row !== undefined && commits) this.#rows.set(id, row)
    this.#finished.delete(id)
  }

  release(claim: KeyClaim, to: ReleaseTo): string {
    const row = this.#mine(claim)
    if (row === undefined) return 'lost'
    if (row.state !== 'running') return row.state === 'answered' ? 'answered' : 'released'
    if (to === 'free') this.#rows.delete(claim.id)
    else if (to === 'unknown') this.#rows.set(claim.id, { ...row, state: 'unknown' })
    else this.#rows.set(claim.id, { ...row, isLapsed: true, repeatable: true })
    return 'released'
  }

  prune(except?: string): void {
    for (const [id, { isLapsed, isOld }] of this.#rows) {
      if (isLapsed && isOld && id !== except && !this.#finished.has(id)) this.#rows.delete(id)
    }
  }

  #mine({ id, token }: KeyClaim): Row | undefined {
    const row = this.#rows.get(id)
    return row?.token === token ? row : undefined
  }
}
