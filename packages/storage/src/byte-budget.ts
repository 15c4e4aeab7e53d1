import { Lock, type Permit, Semaphore } from '@yuzuru/concurrency'

/** One unit of the budget: small enough to waste little, large enough to count quickly. */
const UNIT_BYTES = 256 * 1_024

/**
 * How many bytes all uploads of a storage may hold together. First come, first served: a large request
 * is not starved by small ones behind it.
 */
export class ByteBudget {
  readonly #units: Semaphore
  readonly #total: number
  readonly #turn: Lock = new Lock({ name: 'storage.upload' })

  constructor(totalBytes: number) {
    this.#total = Math.max(1, Math.floor(totalBytes / UNIT_BYTES))
    this.#units = new Semaphore(this.#total, { name: 'storage.upload', kind: 'bytes' })
  }

  /** How many bytes could be had now. */
  get availableBytes(): number {
    return this.#units.available * UNIT_BYTES
  }

  /** Whether nobody holds anything. */
  get isIdle(): boolean {
    return this.#units.available === this.#total
  }

  /**
   * Waits for room for `bytes`. More than there is at all takes all of it.
   *
   * @throws {Cancelled} when the scope around it is cancelled; no room is lost by that
   */
  async acquire(bytes: number): Promise<Permit> {
    const count = Math.min(this.#total, Math.max(1, Math.ceil(bytes / UNIT_BYTES)))
    const held: Permit[] = []
    const release = (): void => {
      for (const permit of held.splice(0)) permit.release()
    }
    using _turn = await this.#turn.acquire()
    try {
      while (held.length < count) held.push(await this.#units.acquire())
    } catch (error) {
      release()
      throw error
    }
    return { release, [Symbol.dispose]: release }
  }
}
