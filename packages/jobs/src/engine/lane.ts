/** Where jobs of one kind wait in one queue: one range of the index, which a claim reads from its bound on. */
export interface Lane {
  readonly queue: string
  readonly name: string
}

/** A place in a lane's order. As text: JavaScript has neither the microseconds nor the 64 bits. */
export interface Place {
  readonly priority: number
  readonly runAt: string
  readonly seq: string
}

/** A lane with the place from which on it is read, in the columns' names. */
export interface LanePlace extends Lane {
  readonly priority: number
  readonly run_at: string
  readonly seq: string
}

const START: Place = { priority: -(2 ** 31), runAt: '-infinity', seq: '0' }

/**
 * Up to where each lane was taken already. A claim begins there: what lies before it are rows that were
 * taken or deleted, and as long as some old snapshot may see those, PostgreSQL can't forget them and would
 * step over each of them at every claim.
 *
 * A row may also come to lie before the bound: by a better priority, an earlier time, or a transaction that
 * took its time to commit. So the bounds are given up again and again, as often as the last look without
 * them was cheap.
 */
export class Bounds {
  readonly lanes: readonly Lane[]
  readonly #places = new Map<string, Place>()
  #lookedAt = -Infinity
  #fullLookMs = 0

  constructor(lanes: readonly Lane[]) {
    this.lanes = lanes
  }

  /** Whether a claim begins anywhere but at the start. */
  get any(): boolean {
    return this.#places.size > 0
  }

  /** When a look without them is due, on this process's clock: such looks take at most a twentieth of the time. */
  get fullLookAt(): number {
    return this.#lookedAt + Math.max(FULL_LOOK_MS, 20 * this.#fullLookMs)
  }

  /** Gives the bounds up when a look without them is due. */
  renew(now: number): void {
    if (now >= this.fullLookAt) this.clear()
  }

  clear(): void {
    this.#places.clear()
  }

  /** A look without bounds took so long. */
  looked(now: number, tookMs: number): void {
    this.#lookedAt = now
    this.#fullLookMs = tookMs
  }

  /** Whether to look without bounds again as soon as a look with them found the lanes' ends. */
  get isCheap(): boolean {
    return this.#fullLookMs < CHEAP_MS
  }

  move(queue: string, name: string, place: Place): void {
    this.#places.set(`${queue}\0${name}`, place)
  }

  /** The lanes with their places. */
  places(): LanePlace[] {
    return this.lanes.map(({ queue, name }) => {
      const { priority, runAt, seq } = this.#places.get(`${queue}\0${name}`) ?? START
      return { queue, name, priority, run_at: runAt, seq }
    })
  }
}

const FULL_LOOK_MS = 250
const CHEAP_MS = 10
