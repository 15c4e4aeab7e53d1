import type { QueryExecutorProvider } from 'kysely'
import { type GroupPlaces, type OpenedGroups, openGroups } from '../engine/open-groups.ts'
import type { Job } from '../job/job.ts'
import type { WorkerSettings } from './worker-options.ts'

/** What a {@link GroupOpener} works with. */
export interface GroupOpenerParts {
  readonly db: QueryExecutorProvider
  readonly settings: WorkerSettings
}

const mayHaveGroups = (job: Job): boolean => 'group' in job || job.onConflict !== 'skip'

/**
 * When a worker looks whether the next of a group may go: whenever something came or ended, once it knows that one of
 * its kinds has groups, and else at each poll that finds something behind. For kinds without groups it asks nothing.
 */
export class GroupOpener {
  readonly #db: QueryExecutorProvider
  readonly #timeoutMs: number
  #places: GroupPlaces
  #hasGroups: boolean
  /** Whether to look now. */
  isStirred = false

  constructor({ db, settings }: GroupOpenerParts) {
    this.#hasGroups = [...settings.jobs.values()].some(mayHaveGroups)
    this.#db = db
    this.#timeoutMs = settings.leaseMs
    this.#places = new Map(settings.names.map((name) => [name, '']))
  }

  /** There are jobs that are behind, or may be. */
  found(): void {
    this.#hasGroups = true
    this.isStirred = true
  }

  /** Something came or ended. @returns whether to look now */
  stir(): boolean {
    if (this.#hasGroups) this.isStirred = true
    return this.isStirred
  }

  /** Looks, if it is to. */
  async run(): Promise<Pick<OpenedGroups, 'opened' | 'nextMs' | 'passedOver'>> {
    if (!this.isStirred) return NONE
    this.isStirred = false
    const found = await openGroups(this.#db, this.#places, { timeoutMs: this.#timeoutMs })
    this.#places = found.places
    if (found.more) this.isStirred = true
    return found
  }
}

const NONE = { opened: 0, nextMs: Infinity, passedOver: false }
