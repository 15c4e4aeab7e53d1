import { sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { Lock } from '@yuzuru/concurrency/sync'
import type { QueryExecutorProvider } from 'kysely'
import type { Lease } from '../engine/lease.ts'
import { type Progress, writeProgress } from '../engine/progress.ts'
import { progressText } from '../job/progress-text.ts'
import { Wake } from './wake.ts'

/** How often a worker writes at the most, in milliseconds. */
const EVERY_MS = 500

/** How many go into one statement. */
const MOST = 250

/** How long one statement may take: what it says is soon out of date. */
const WRITE_MS = 5_000

/** What the handlers of one worker say of their progress: the last value of each, written down together. */
export class ProgressKeeper {
  readonly #db: QueryExecutorProvider
  readonly #latest = new Map<string, Progress>()
  readonly #wake = new Wake()
  /** One write at a time: an older value must not be written over a newer one. */
  readonly #writing = new Lock({ name: 'progress' })

  constructor(db: QueryExecutorProvider) {
    this.#db = db
  }

  /** Takes a value in place of the last one that is not written yet. @throws {TypeError} unless it is JSON of 16 KiB */
  say(lease: Lease, value: unknown): void {
    this.#latest.set(lease.id, { lease, value: progressText(value) })
    this.#wake.signal()
  }

  /** Works until it is cancelled. */
  async keep(): Promise<never> {
    for (;;) {
      if (this.#latest.size === 0) await this.#wake.wait(Infinity)
      await this.#write(() => [...this.#latest.keys()].slice(0, MOST))
      await sleep(EVERY_MS)
    }
  }

  /** Writes what is left of some jobs, whose attempts have ended. */
  async flush(leases: readonly Lease[]): Promise<void> {
    if (this.#latest.size === 0 && !this.#writing.locked) return
    const ids = leases.map(({ id }) => id)
    const left = (): string[] => ids.filter((id) => this.#latest.has(id)).slice(0, MOST)
    do await this.#write(left)
    while (left().length > 0)
  }

  async #write(which: () => readonly string[]): Promise<void> {
    using _ = await this.#writing.acquire()
    const ids = which()
    const progress = ids.flatMap((id) => this.#latest.get(id) ?? [])
    for (const id of ids) this.#latest.delete(id)
    if (progress.length === 0) return
    try {
      await writeProgress(this.#db, progress, { timeoutMs: WRITE_MS })
    } catch {
      // It is a notice. The next one, or the job's end, says more.
      throwIfCancelled()
    }
  }
}
