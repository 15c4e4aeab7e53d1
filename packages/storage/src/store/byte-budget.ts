import { Event, type Permit } from '@yuzuru/concurrency/sync'

/** One unit of the budget: small enough to waste little, large enough to count quickly. */
const UNIT_BYTES = 64 * 1_024

/** Room for one part, taken as its bytes arrive. Released when the part has arrived, or is given up. */
export interface PartLease extends Permit {
  /**
   * Waits until there is room for `bytes` of the part in all; returns `undefined` if there is already.
   *
   * @throws {Cancelled} when the scope around it is cancelled; no room is lost by that
   */
  reach(bytes: number): Promise<void> | undefined
  /** The part has all its bytes. */
  settle(): void
}

/**
 * Limits how many bytes all uploads of a storage hold together. A part takes room as its bytes arrive, so a
 * slow source holds only what it has sent.
 *
 * Parts that are all half full could wait for each other for ever. So room is given only if all parts that
 * have begun can still be filled, one after the other, with the free room and what the others will give
 * back (Dijkstra, EWD 623, "The mathematics behind the Banker's Algorithm"). First come, first served: a
 * part that has not begun does not pass one that waits.
 */
export class ByteBudget {
  readonly #total: number
  readonly #holders: Set<Lease> = new Set()
  /** The parts that wait, the oldest first. */
  #line: Lease[] = []
  #free: number
  #count = 0

  constructor(totalBytes: number) {
    this.#total = Math.max(1, Math.floor(totalBytes / UNIT_BYTES))
    this.#free = this.#total
  }

  /** How many bytes are free now. */
  get availableBytes(): number {
    return this.#free * UNIT_BYTES
  }

  /** Whether nothing is held. */
  get isIdle(): boolean {
    return this.#free === this.#total
  }

  /**
   * Opens room for a part of up to `bytes`, without taking any. One that is larger than the whole budget gets
   * all of it, and may be filled further then.
   */
  open(bytes: number): PartLease {
    this.#count += 1
    const lease: Lease = { age: this.#count, claim: this.#unitsOf(bytes), held: 0, wanted: 0 }
    return {
      reach: (reached) => this.#reach(lease, reached),
      settle: () => this.#settle(lease),
      release: () => this.#release(lease),
      [Symbol.dispose]: () => this.#release(lease),
    }
  }

  #unitsOf(bytes: number): number {
    return Math.min(this.#total, Math.max(1, Math.ceil(bytes / UNIT_BYTES)))
  }

  #reach(lease: Lease, bytes: number): Promise<void> | undefined {
    lease.wanted = Math.min(lease.claim, this.#unitsOf(bytes))
    if (lease.wanted <= lease.held) return undefined
    const mayPass = lease.held > 0 || this.#line.length === 0
    return mayPass && this.#grant(lease) ? undefined : this.#wait(lease)
  }

  async #wait(lease: Lease): Promise<void> {
    lease.granted = new Event({ name: 'storage.upload' })
    const at = this.#line.findIndex(({ age }) => age > lease.age)
    this.#line.splice(at < 0 ? this.#line.length : at, 0, lease)
    try {
      await lease.granted.wait()
    } finally {
      this.#leave(lease)
    }
  }

  #leave(lease: Lease): void {
    const at = this.#line.indexOf(lease)
    if (at < 0) return
    this.#line.splice(at, 1)
    this.#serve()
  }

  #settle(lease: Lease): void {
    lease.claim = lease.held
    this.#serve()
  }

  #release(lease: Lease): void {
    if (!this.#holders.delete(lease)) return
    this.#free += lease.held
    lease.held = 0
    this.#serve()
  }

  /** Gives room to the waiters that may have it. */
  #serve(): void {
    let isHeldUp = false
    this.#line = this.#line.filter((lease) => {
      const mayPass = lease.held > 0 || !isHeldUp
      if (mayPass && this.#grant(lease)) {
        lease.granted?.set()
        return false
      }
      isHeldUp = true
      return true
    })
  }

  #grant(lease: Lease): boolean {
    const asked = lease.wanted - lease.held
    if (asked > this.#free) return false
    const before = lease.held
    this.#free -= asked
    lease.held += asked
    this.#holders.add(lease)
    if (this.#canAllBeFilled()) return true
    this.#free += asked
    lease.held = before
    if (before === 0) this.#holders.delete(lease)
    return false
  }

  #canAllBeFilled(): boolean {
    let free = this.#free
    let most = 0
    for (const { claim, held } of this.#holders) most = Math.max(most, claim - held)
    // The usual case: the part that needs most can have it at once.
    if (most <= free) return true
    const byNeed = [...this.#holders].sort((a, b) => a.claim - a.held - (b.claim - b.held))
    for (const { claim, held } of byNeed) {
      if (claim - held > free) return false
      free += held
    }
    return true
  }
}

/** In units. */
interface Lease {
  readonly age: number
  /** How much its part may need in all. */
  claim: number
  held: number
  /** How much it wants to hold next. */
  wanted: number
  /** Set when it has what it waited for. */
  granted?: Event
}
