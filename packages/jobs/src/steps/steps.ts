import { AsyncLocalStorage } from 'node:async_hooks'
import {
  cancelScope,
  isRetryable,
  type Outcome,
  outcomeOf,
  shield,
  sleep,
  TimeoutError,
} from '@yuzuru/concurrency'
import { backoff, describeValue, messageOf, oneCall } from '@yuzuru/concurrency/boundary'
import { singleFlight } from '@yuzuru/concurrency/resilience'
import type { Queryable } from '@yuzuru/db'
import { expectOpen } from '../database/expect-open.ts'
import { JobError } from '../job-error.ts'
import { serialise } from '../job/payload.ts'
import type { Job } from '../job/job.ts'
import type { Step, WaitForOptions } from '../job/step.ts'
import { keepInTransaction } from './keep-in-transaction.ts'
import { ChildRuns } from './child-runs.ts'
import { EventWaits } from './event-waits.ts'
import { Parking } from './parking.ts'
import { shownName } from './shown-name.ts'
import { argumentsOf, expectUntil, type Work } from './step-arguments.ts'
import { StepMemory } from './step-memory.ts'
import { type StepRun, type StepTools, valueOf } from './step-run.ts'
import { keepSleep, keepStep, loadSteps, type NewStep } from './step-store.ts'

/** How long a handler that is being ended may take to keep the result of a step, in milliseconds. */
const KEEP_MS = 5_000

/** The run whose step the present code is a part of. */
const around = new AsyncLocalStorage<Steps>()

const delayMs = backoff({ baseDelayMs: 50, maxDelayMs: 2_000 })

/** The steps of one run of a handler. Made when the handler first asks for `step`. */
export class Steps {
  readonly #run: StepRun
  readonly #memory: StepMemory
  readonly #parking: Parking
  /** What the handler calls. */
  readonly step: Step
  readonly #load: () => Promise<void>
  readonly #transactions = new WeakSet<object>()
  #isLoaded: boolean

  constructor(run: StepRun) {
    this.#run = run
    this.#memory = new StepMemory(run.lease.id)
    this.#parking = new Parking(run.park)
    const sleep: Step['sleep'] = (name, until) => this.#sleep(name, until)
    const tools: StepTools = {
      run,
      memory: this.#memory,
      parking: this.#parking,
      ask: (name) => this.#ask(name),
      load: async () => {
        if (!this.#isLoaded) await this.#load()
      },
      lost: (outcome) => this.#lost(outcome),
    }
    const waits = new EventWaits(tools)
    const waitFor: Step['waitFor'] = <T>(event: string, options: WaitForOptions = {}) =>
      waits.wait(event, options) as Promise<T | undefined>
    const children = new ChildRuns(tools)
    const runChild: Step['run'] = (job, payload, options = {}) =>
      children.run(job as Job, payload, options) as Promise<never>
    this.step = Object.assign(
      <T>(name: string, ...rest: readonly unknown[]) => this.#step<T>(name, rest),
      { sleep, waitFor, run: runChild },
    )
    // Nobody has run it before the first claim.
    this.#isLoaded = run.lease.claim === 1
    this.#load = singleFlight(async () => {
      if (this.#isLoaded) return
      this.#memory.load(await loadSteps(run.db, run.lease, {}))
      this.#isLoaded = true
    })
  }

  async #step<T>(name: string, rest: readonly unknown[]): Promise<T> {
    const { db, work, options } = argumentsOf(rest)
    this.#ask(name)
    const body = (): Promise<T> => this.#parking.during(() => this.#do<T>(name, db, work))
    if (options.signal === undefined && options.timeoutMs === undefined) return await body()
    return await oneCall(`step ${shownName(name)}`, options, body)
  }

  /** A step within another would not be asked for once that one is kept, nor could the job go back while it sleeps. */
  #ask(name: string): void {
    this.#memory.ask(name)
    if (this.#run.isCompleting()) {
      throw new TypeError(`Expected all steps before completeIn, got "${shownName(name)}" after it`)
    }
    if (around.getStore() !== this) return
    throw new TypeError(
      `Expected a step outside of all others, got "${shownName(name)}" within another`,
    )
  }

  /**
   * The error of a handler that ends without having asked for all that earlier runs finished.
   *
   * @param outcome of the handler so far
   */
  missing(outcome: Outcome): JobError | undefined {
    return this.#memory.missing(outcome)
  }

  /** The names of those that were asked for and have not finished. */
  get unfinished(): readonly string[] {
    return this.#memory.beside('')
  }

  /** Whether `tx` is a step's own. */
  isOwn(tx: object): boolean {
    return this.#transactions.has(tx)
  }

  async #do<T>(name: string, db: Queryable<unknown> | undefined, work: Work): Promise<T> {
    if (!this.#isLoaded) await this.#load()
    const known = this.#memory.recall(name, 'step')
    if (known !== undefined) {
      return valueOf(known.result) as T
    }
    await this.#memory.hold(name)
    const startedAt = performance.now()
    const stepOf = (value: unknown): NewStep => {
      const result =
        value === undefined ? undefined : serialise(value, `the result of "${shownName(name)}"`)
      this.#memory.expectRoom(name, result)
      const tookMs = performance.now() - startedAt
      return { name, result, beside: this.#memory.beside(name), tookMs }
    }
    const value = await (db === undefined
      ? this.#keep(await around.run(this, work), stepOf)
      : this.#inTransaction(name, db, work, stepOf))
    this.#memory.finished(name)
    return value as T
  }

  async #sleep(name: string, until: number | Date): Promise<void> {
    expectUntil(until)
    this.#ask(name)
    const leftMs = await this.#parking.during(() => this.#begin(name, until))
    if (leftMs > 0) await this.#parking.sleep(leftMs)
    this.#memory.finished(name)
  }

  /** Begins a sleep, or goes on with it. @returns how long it still is, in milliseconds */
  async #begin(name: string, until: number | Date): Promise<number> {
    if (!this.#isLoaded) await this.#load()
    const known = this.#memory.recall(name, 'sleep')
    if (known !== undefined) return known.leftMs ?? 0
    await this.#memory.hold(name)
    const { db, lease } = this.#run
    const sleep = { name, until, beside: this.#memory.beside(name) }
    const leftMs = await keepSleep(db, lease, sleep, {})
    if (leftMs === undefined) throw this.#lost('none')
    return leftMs
  }

  /**
   * The effect has happened: so its result is kept although the handler is being ended, and what can't be written now
   * is tried again, as long as the handler may run.
   */
  async #keep(value: unknown, stepOf: (value: unknown) => NewStep): Promise<unknown> {
    const { db, lease } = this.#run
    const step = stepOf(value)
    for (let tries = 1; ; tries += 1) {
      try {
        const kept = await shield(() => keepStep(db, lease, step, {}), { timeoutMs: KEEP_MS })
        if (kept) return value
        throw this.#lost('unknown')
      } catch (error) {
        if (isRetryable(error) || TimeoutError.isInstance(error)) await sleep(delayMs(tries))
        else throw notKept(step.name, error)
      }
    }
  }

  async #inTransaction(
    name: string,
    db: Queryable<unknown>,
    work: Work,
    stepOf: (value: unknown) => NewStep,
  ): Promise<unknown> {
    const { lease, inDoubt } = this.#run
    return await keepInTransaction(db, { lease, name, inDoubt }, async (tx, did) => {
      this.#transactions.add(tx)
      const value = await cancelScope(
        async (scope) => {
          try {
            return await around.run(this, () => work(tx))
          } finally {
            did(scope.outcome)
          }
        },
        { name: `step ${shownName(name)}` },
      )
      await expectOpen(tx, 'step')
      if (!(await keepStep(tx, lease, stepOf(value), {}))) throw this.#lost('none')
      return value
    })
  }

  /** Ends the handler. @param outcome of the step: without a transaction its effect stands */
  #lost(outcome: Outcome): JobError {
    const { lease, lost } = this.#run
    lost()
    return new JobError(
      `The lease of job ${lease.id} was lost: it is another worker's, or has ended`,
      { operation: 'step', code: 'lease_lost', retryable: false, outcome },
    )
  }
}

/** What `fn` did stands, whatever the failed statement says of itself. */
function notKept(name: string, cause: unknown): unknown {
  if (outcomeOf(cause) !== 'none') return cause
  const reason = messageOf(cause) ?? describeValue(cause)
  return new JobError(
    `"${shownName(name)}" was done, and its result could not be kept: ${reason}`,
    {
      operation: 'step',
      code: JobError.isInstance(cause) ? cause.code : 'database',
      retryable: false,
      outcome: 'unknown',
      cause,
    },
  )
}
