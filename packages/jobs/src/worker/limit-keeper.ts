import type { Kysely } from 'kysely'
import { declareLimits, letGo, type LetGo } from '../engine/let-go.ts'
import type { JobLimits } from '../job/limits.ts'
import type { WorkerSettings } from './worker-options.ts'

/** What a {@link LimitKeeper} works with. */
export interface LimitKeeperParts {
  readonly db: Kysely<unknown>
  readonly settings: WorkerSettings
}

/**
 * Lets jobs of kinds with limits go, no more than its worker has room for: whenever something came or ended, and at
 * each poll, as others may have ended elsewhere. For kinds without limits it asks nothing.
 */
export class LimitKeeper {
  readonly #db: Kysely<unknown>
  readonly #timeoutMs: number
  readonly #kinds: ReadonlyMap<string, JobLimits>
  #isDeclared = false
  /** Whether to look now. */
  isStirred: boolean
  /** Whether another worker was looking, so that there may be more. */
  isBusy = false

  constructor({ db, settings }: LimitKeeperParts) {
    this.#db = db
    this.#timeoutMs = settings.leaseMs
    const limited = [...settings.jobs.values()].filter(({ limits }) => limits !== undefined)
    this.#kinds = new Map(limited.map(({ name, limits = {} }) => [name, limits]))
    this.isStirred = limited.length > 0
  }

  /** Something came or ended. @returns whether to look now */
  stir(): boolean {
    this.isStirred = this.#kinds.size > 0
    return this.isStirred
  }

  /** Looks, if it is to and there is room. */
  async run(room: number): Promise<Pick<LetGo, 'opened' | 'nextMs'>> {
    if (!this.isStirred) return { opened: 0, nextMs: Infinity }
    this.isStirred = false
    this.isBusy = false
    const options = { timeoutMs: this.#timeoutMs }
    if (!this.#isDeclared) {
      for (const [name, limits] of this.#kinds) await declareLimits(this.#db, name, limits, options)
      this.#isDeclared = true
    }
    let opened = 0
    let nextMs = Infinity
    for (const name of this.#kinds.keys()) {
      if (opened >= room) break
      const found = await letGo(this.#db, name, room - opened, options)
      opened += found.opened
      nextMs = Math.min(nextMs, found.nextMs)
      this.isBusy ||= found.isBusy
    }
    return { opened, nextMs }
  }
}
