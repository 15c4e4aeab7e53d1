import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import type { Text } from '../web/language.ts'
import type { DayObserver } from './day-observer.ts'
import { type Note, stepHolds, type StepResult } from './report.ts'

export type StepState = 'waiting' | 'running' | 'held' | 'failed' | 'cut-off'

/** A step as it is watched. */
export interface WatchedStep {
  readonly number: number
  readonly title: Text
  state: StepState
  notes: readonly Note[]
  tookMs: number | undefined
  failure: string | undefined
  /** The change that it has had last: see {@link DayRuns.version}. */
  version: number
}

/** Of all runs the last: `none` before the first. */
export type RunState = 'none' | 'running' | 'over' | 'cancelled' | 'failed'

/** Lives a day, and tells how it goes. */
export type LiveDay = (observer: DayObserver) => Promise<readonly StepResult[]>

/**
 * The runs of the day, one at a time; the last one is kept. Its followers hear of each
 * change; nothing is kept for one that does not listen.
 */
export class DayRuns implements AsyncDisposable {
  readonly #titles: readonly Text[]
  #state: RunState = 'none'
  #steps: readonly WatchedStep[]
  #failure: string | undefined = undefined
  #stop = new AbortController()
  #version = 0
  #changed = Promise.withResolvers<void>()
  #closed = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(titles: readonly Text[]) {
    this.#titles = titles
    this.#steps = this.#waiting()
  }

  get state(): RunState {
    return this.#state
  }

  get steps(): readonly WatchedStep[] {
    return this.#steps
  }

  /** What ended the run before its steps were over, if it was no cancel. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Grows with each change. */
  get version(): number {
    return this.#version
  }

  /** Whether it takes no more runs: who follows has seen the last change. */
  get closed(): boolean {
    return this.#closed
  }

  /** Waits for a change after `version`; not at all if there was one, or will be none. */
  async changeAfter(version: number): Promise<void> {
    if (this.#version === version && !this.#closed) await this.#changed.promise
  }

  /**
   * Runs a day. It is a part of the scope around it, and ended by {@link cancel} too.
   *
   * @returns its results; `undefined` when it was cancelled here, or another one is running
   */
  async run(live: LiveDay): Promise<readonly StepResult[] | undefined> {
    if (this.#state === 'running' || this.#closed) return undefined
    this.#state = 'running'
    this.#failure = undefined
    this.#steps = this.#waiting()
    this.#stop = new AbortController()
    this.#touch()
    const { signal } = this.#stop
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#running = promise
    try {
      const results = await cancelScope(() => live(this.#observer()), { signal, name: 'the day' })
      this.#end('over')
      return results
    } catch (error) {
      const isCancel = Cancelled.isInstance(error)
      if (!isCancel) this.#failure = String(error)
      this.#end(isCancel ? 'cancelled' : 'failed')
      if (isCancel && signal.aborted) return undefined
      throw error
    } finally {
      resolve()
    }
  }

  /** Ends the run that there is; what it started is closed before `run` returns. */
  cancel(): void {
    this.#stop.abort(new Error('the day was cancelled'))
  }

  /** Ends the run, and tells all who follow that nothing comes any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.cancel()
    this.#touch()
    await this.#running
  }

  #waiting(): WatchedStep[] {
    return this.#titles.map((title, index) => ({
      number: index + 1,
      title,
      state: 'waiting',
      notes: [],
      tookMs: undefined,
      failure: undefined,
      version: this.#version + 1,
    }))
  }

  #observer(): DayObserver {
    return {
      begins: (number) => this.#change(number, { state: 'running' }),
      notes: (number, note) => {
        const notes = this.#steps[number - 1]?.notes ?? []
        this.#change(number, { notes: [...notes, note] })
      },
      ends: (result) => {
        const { number, tookMs, failure } = result
        const state = stepHolds(result) ? 'held' : 'failed'
        this.#change(number, { state, tookMs, failure })
      },
    }
  }

  #end(state: RunState): void {
    this.#state = state
    for (const step of this.#steps) {
      if (step.state === 'running') this.#change(step.number, { state: 'cut-off' })
    }
    this.#touch()
  }

  #change(number: number, change: Partial<WatchedStep>): void {
    const step = this.#steps[number - 1]
    if (step === undefined) return
    this.#touch()
    Object.assign(step, change, { version: this.#version })
  }

  #touch(): void {
    this.#version += 1
    const changed = this.#changed
    this.#changed = Promise.withResolvers()
    changed.resolve()
  }
}
