import type { Kysely } from 'kysely'
import { declareLimits, letGo, type LetGo } from '../engine/let-go.ts'
import type { JobLimits } from '../job/limits.ts'
import type { WorkerSettings } from './worker-options.ts'

/** How many looks one kind has in a turn. */
const MOST_LOOKS = 10

/** How many more jobs could be taken, of one kind or of all that share the places of a crew. */
export interface Room {
  left: number
}

/** What a {@link LimitKeeper} works with. */
export interface LimitKeeperParts {
  readonly db: Kysely<unknown>
  readonly settings: WorkerSettings
}

/**
 * Lets jobs of kinds with limits go, no more than its worker has room for: whenever something came or ended, and at
 * each poll, as others may have ended elsewhere. Of a kind that has no limits any more it lets all go; else it asks nothing
 * for kinds without limits.
 */
export class LimitKeeper {
  readonly #db: Kysely<unknown>
  readonly #timeoutMs: number
  readonly #queues: readonly string[]
  readonly #kinds: Map<string, JobLimits>
  readonly #declared = new Set<string>()
  /** Whether to look now. */
  isStirred: boolean
  /** Whether another worker was looking, so that there may be more. */
  isBusy = false

  constructor({ db, settings }: LimitKeeperParts) {
    this.#db = db
    this.#timeoutMs = settings.leaseMs
    this.#queues = settings.queues
    const limited = [...settings.jobs.values()].filter(({ limits }) => limits !== undefined)
    this.#kinds = new Map(limited.map(({ name, limits = {} }) => [name, limits]))
    this.isStirred = limited.length > 0
  }

  /** Something came or ended. @returns whether to look now */
  stir(): boolean {
    this.isStirred = this.#kinds.size > 0
    return this.isStirred
  }

  /** Jobs of these kinds are held back, or others may have ended elsewhere. */
  found(held: readonly string[]): void {
    for (const name of held) if (!this.#kinds.has(name)) this.#kinds.set(name, {})
    this.stir()
  }

  /** Looks, if it is to and there is room. */
  async run(
    rooms: () => ReadonlyMap<string, Room>,
  ): Promise<Pick<LetGo, 'opened' | 'nextMs' | 'suspects' | 'passedOver'>> {
    if (!this.isStirred) return { opened: 0, nextMs: Infinity, suspects: false, passedOver: false }
    this.isStirred = false
    this.isBusy = false
    const options = { timeoutMs: this.#timeoutMs }
    const roomOf = rooms()
    let opened = 0
    let nextMs = Infinity
    let suspects = false
    let passedOver = false
    // In the order of this moment: those that had their turn go behind the others.
    const kinds = [...this.#kinds]
    for (const [name, limits] of kinds) {
      if (!this.#declared.has(name)) {
        await declareLimits(this.#db, name, limits, options)
        this.#declared.add(name)
      }
      const room = roomOf.get(name) ?? { left: 0 }
      const before = opened
      for (let looks = 0; room.left > 0 && looks < MOST_LOOKS; looks += 1) {
        const request = { name, room: room.left, queues: this.#queues }
        const found = await letGo(this.#db, request, options)
        opened += found.opened
        room.left -= found.opened
        nextMs = Math.min(nextMs, found.nextMs)
        this.isBusy ||= found.isBusy
        suspects ||= found.suspects
        passedOver ||= found.passedOver
        if (!found.more) break
        // The other kinds first; then it goes on.
        if (looks === MOST_LOOKS - 1 && found.opened > 0) this.isStirred = true
      }
      if (opened === before) continue
      this.#kinds.delete(name)
      this.#kinds.set(name, limits)
    }
    return { opened, nextMs, suspects, passedOver }
  }
}
