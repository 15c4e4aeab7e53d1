import { moveOnAfter, type Outcome, remaining } from '@yuzuru/concurrency'
import { Event } from '@yuzuru/concurrency/sync'
import { JobError } from '../job-error.ts'
import { expectName } from '../job/expect.ts'
import { shownName } from './shown-name.ts'
import type { StepRow } from './step-store.ts'

/** How many steps a job may have. */
const MOST_STEPS = 1_000

/** How much JSON the results of a job's steps may take in all, in UTF-8 bytes. */
const MOST_BYTES = 16 * 1_048_576

/** How long a step that no run before has finished waits for those that have been, in milliseconds. */
const HOLD_MS = 5_000

/** Which steps a run has asked for, and what is known of each from the runs before. */
export class StepMemory {
  readonly #id: string
  /** Finished in an earlier run, and not asked for in this one yet. */
  readonly #open = new Map<string, StepRow>()
  readonly #asked = new Set<string>()
  readonly #unfinished = new Set<string>()
  /** Set once all that earlier runs have finished was asked for. */
  readonly #complete = new Event({ name: 'steps' })
  /** How much JSON each result takes, and all of them. */
  readonly #bytes = new Map<string, number>()
  #bytesOfAll = 0

  constructor(id: string) {
    this.#id = id
  }

  /** What earlier runs have finished. */
  load(rows: readonly StepRow[]): void {
    for (const row of rows) {
      this.#open.set(row.name, row)
      this.#count(row.name, row.result)
    }
  }

  /** Throws unless `name` may be the next step's. */
  ask(name: string): void {
    expectName('the name of the step', name)
    if (this.#asked.has(name)) {
      throw new TypeError(
        `Expected the steps of a run to have names that differ, got "${shownName(name)}" twice`,
      )
    }
    if (this.#asked.size === MOST_STEPS) {
      throw new TypeError(`Expected a job to have at most ${MOST_STEPS} steps, got more`)
    }
    this.#asked.add(name)
    this.#unfinished.add(name)
  }

  /** What an earlier run has kept of a step, a sleep or a wait that was asked for. */
  recall(name: string, as: 'step' | 'sleep' | 'wait' | 'run'): StepRow | undefined {
    const row = this.#open.get(name)
    if (row === undefined) return undefined
    const was = row.kind ?? (row.leftMs === undefined ? 'step' : 'sleep')
    if (was !== as)
      throw this.#changed(`asked for it as a ${as} and not as a ${was}`, 'none', [name])
    this.#open.delete(name)
    if (was === 'step' || row.isSettled === true) this.#unfinished.delete(name)
    if (this.#open.size === 0) this.#complete.set()
    return row
  }

  /**
   * Waits, before a step is run that no earlier run has finished, until this run has asked for all that were:
   * none of those has waited for this one, so that it is asked for without it. If one is not, then it was
   * renamed or removed, and this step may be the same under its new name.
   *
   * A step that an earlier run is known to have begun as well need not wait.
   */
  async hold(name: string): Promise<void> {
    if (this.#open.size === 0) return
    if (this.#open.values().some(({ beside }) => beside.includes(name))) return
    const { expired } = await moveOnAfter(Math.min(HOLD_MS, remaining() / 2), () =>
      this.#complete.wait(),
    )
    // The last of them may have been asked for just as the time passed.
    if (expired && this.#open.size > 0) throw this.#changed(`asked for ${quoted([name])}`, 'none')
  }

  /** The steps that were asked for and have not finished, but for `name`. */
  beside(name: string): string[] {
    return [...this.#unfinished].filter((each) => each !== name)
  }

  /** Throws unless there is room for one more result. */
  expectRoom(name: string, result: string | undefined): void {
    this.#count(name, result)
    if (this.#bytesOfAll <= MOST_BYTES) return
    throw new TypeError(
      `Expected the results of a job's steps to take at most ${MOST_BYTES} bytes as JSON, got more with "${shownName(name)}"`,
    )
  }

  #count(name: string, result: string | undefined): void {
    const bytes = sizeOf(result)
    this.#bytesOfAll += bytes - (this.#bytes.get(name) ?? 0)
    this.#bytes.set(name, bytes)
  }

  finished(name: string): void {
    this.#unfinished.delete(name)
  }

  /** At the end of a run: the error of one that did not ask for all that was finished before. */
  missing(outcome: Outcome): JobError | undefined {
    if (this.#open.size === 0) return undefined
    return this.#changed(`ended without ${this.#open.size === 1 ? 'it' : 'them'}`, outcome)
  }

  #changed(what: string, outcome: Outcome, names = [...this.#open.keys()]): JobError {
    const before = quoted(names)
    return new JobError(
      `The steps of job ${this.#id} have changed: an earlier run finished ${before}, this one ${what}`,
      { operation: 'step', code: 'step_changed', retryable: true, outcome },
    )
  }
}

const sizeOf = (text: string | undefined): number =>
  text === undefined ? 0 : Buffer.byteLength(text)

/** Some names, as an error shows them. */
function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${shownName(name)}"`)
  return names.length > 5 ? `${shown.join(', ')} and ${names.length - 5} more` : shown.join(', ')
}
