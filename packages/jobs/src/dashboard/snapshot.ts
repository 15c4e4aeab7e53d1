import { detached } from '@yuzuru/concurrency'
import { inBackground } from '@yuzuru/concurrency/boundary'
import { type CronRecord, listCrons } from '../cron/list-crons.ts'
import { jobStats, type JobStats } from '../queue/job-stats.ts'
import type { DashboardSettings } from './dashboard-options.ts'
import { type JobPage, listJobs } from './job-list.ts'
import { type Bar, BARS, type LaneRate, loadBars, loadLaneRates } from './rates.ts'
import { loadRunning, loadWorkers, type RunningJob, type WorkerLook } from './running.ts'

/** How the queue stands at one moment, for all pages that show that. */
export interface Snapshot {
  readonly stats: JobStats
  readonly rates: ReadonlyMap<string, LaneRate>
  readonly bars: readonly Bar[]
  readonly workers: readonly WorkerLook[]
  readonly running: readonly RunningJob[]
  readonly crons: readonly CronRecord[]
  readonly failed: JobPage
  /** In milliseconds since 1970, by the database's clock. */
  readonly now: number
}

/** How many bars are read again: the last ones may have got jobs whose commit came late. */
const FRESH_BARS = 3

/** Looks at the queue for all viewers at once: however many ask, it is asked once within an interval. */
export class Snapshots {
  readonly #settings: DashboardSettings
  #last: { readonly snapshot: Snapshot; readonly at: number } | undefined = undefined
  #pending: Promise<Snapshot> | undefined = undefined

  constructor(settings: DashboardSettings) {
    this.#settings = settings
  }

  /** One that is not older than half of `liveMs`. */
  async get(): Promise<Snapshot> {
    const last = this.#last
    if (last !== undefined && performance.now() - last.at < this.#settings.liveMs / 2) {
      return last.snapshot
    }
    // Of no request: another that waits for it may have more time left.
    this.#pending ??= detached(() => inBackground(() => this.#load())).finally(() => {
      this.#pending = undefined
    })
    return await this.#pending
  }

  /** Makes the next one new: something was changed. */
  forget(): void {
    this.#last = undefined
  }

  async #load(): Promise<Snapshot> {
    const { db, timeoutMs } = this.#settings
    const options = { timeoutMs }
    const at = performance.now()
    // One after the other: a page must not take the connections of those that work.
    const stats = await jobStats(db, options)
    const rates = await loadLaneRates(db, options)
    const bars = await this.#bars()
    const workers = await loadWorkers(db, options)
    const running = await loadRunning(db, workers, stats.lanes, options)
    const crons = await listCrons(db, { ...options, times: 3 })
    const failed = await listJobs(db, { list: 'failed' }, options)
    const now = failed.now
    const snapshot = { stats, rates, bars, workers, running, crons, failed, now }
    this.#last = { snapshot, at }
    return snapshot
  }

  /** Those of before, as far as they are over, and new ones. */
  async #bars(): Promise<readonly Bar[]> {
    const { db, timeoutMs } = this.#settings
    const known = new Map(this.#last?.snapshot.bars.map((bar) => [bar.at, bar]))
    const last = this.#last?.snapshot.bars.at(-1)?.at
    const few = await loadBars(db, last === undefined ? BARS : FRESH_BARS, { timeoutMs })
    const [first] = few
    if (last === undefined || first === undefined) return few
    // A gap: nobody has looked for a while.
    if (first.at > last + 1) return await loadBars(db, BARS, { timeoutMs })
    for (const bar of few) known.set(bar.at, bar)
    return [...known.values()].toSorted((a, b) => a.at - b.at).slice(-BARS)
  }
}
