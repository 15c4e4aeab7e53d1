import { type CancelScope, withTimeout } from '@yuzuru/concurrency'
import { isJobTraced, type JobEvent, traceJob } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { completeIn } from '../engine/complete.ts'
import type { ClaimedJob, Lease } from '../engine/lease.ts'
import type { Settlement } from '../engine/settle.ts'
import type { RunningReport } from '../engine/worker-report.ts'
import { JobError } from '../job-error.ts'
import type { Isolation } from '../job/isolation.ts'
import type { Job, Snooze } from '../job/job.ts'
import { expectResult, resultText } from '../job/job-result.ts'
import { spanOf } from '../job/origin.ts'
import { isPromise, PayloadRefusal } from '../job/payload-schema.ts'
import { payloadOf } from '../job/payload-version.ts'
import { Steps } from '../steps/steps.ts'
import { runInTransaction } from './in-transaction.ts'
import type { Incarnation } from './incarnation.ts'
import { type StopCause, verdictOn } from './verdict.ts'
import { Context } from './job-context.ts'
import { waitsWithin } from './report.ts'
import { snoozedFor } from './snooze.ts'
import { startedEvent, type WorkerEvent } from './worker-event.ts'

/** What came of an attempt; `error` is what its handler threw. */
export interface AttemptResult {
  readonly settlement: Settlement
  readonly error?: unknown
  readonly stopped: StopCause | undefined
}

/** What a worker lends to its attempts. */
export interface AttemptParts {
  /** Where the steps of handlers are kept. */
  readonly db: QueryExecutorProvider
  /** Takes what handlers say of their progress. */
  readonly say: (lease: Lease, value: unknown) => void
  /** Where the handlers run that are apart from the worker. */
  readonly isolation: Isolation
}

/** A job that was taken, and the run of its handler, which the worker can end. */
export class Attempt {
  readonly job: Job
  readonly claimed: ClaimedJob
  /** Whose lease it is held under. */
  readonly incarnation: Incarnation
  /** Whether its handler was called. */
  begun = false
  /** Whether its handler may have completed it in a transaction of its own. */
  completesItself = false
  /** Whether its handler has called `completeIn`. */
  isCompleting = false
  /** That of a handler of `mode: 'transactional'`, while it runs. */
  tx: Transaction<unknown> | undefined = undefined
  /** When it is to be run again, if its handler said so. */
  snoozed: Snooze | undefined = undefined
  readonly #parts: AttemptParts
  #steps: Steps | undefined = undefined
  #scope: CancelScope | undefined = undefined
  #stop: { readonly cause: StopCause; readonly message: string } | undefined = undefined
  /** When its sleep is over, on this process's clock, and whether it is over sooner when something comes. */
  #parked: { readonly wakeAt: number; readonly waits: boolean } | undefined = undefined
  #ended = false

  constructor(job: Job, claimed: ClaimedJob, incarnation: Incarnation, parts: AttemptParts) {
    this.#parts = parts
    this.job = job
    this.claimed = claimed
    this.incarnation = incarnation
  }

  /** Cancels the handler, also one that has not begun. A lost lease takes precedence over all other causes. */
  stop(cause: StopCause, message: string): void {
    if (this.#ended) return
    if (this.#stop === undefined || cause === 'lost') this.#stop = { cause, message }
    this.#scope?.cancel(message)
  }

  /**
   * Calls the handler and waits until it, and all that it started, has ended. Never throws. One scope is all
   * that it costs: its deadline is one entry among the timers, and its signal is made when it is asked for.
   */
  run(emit: (event: WorkerEvent) => void): Promise<AttemptResult> {
    if (this.#stop !== undefined) return Promise.resolve(this.#failed(undefined))
    if (this.claimed.version > this.job.version) return Promise.resolve(this.#tooNew())
    this.begun = true
    emit(startedEvent(this.claimed))
    const { timeoutMs, name } = this.job
    return withTimeout(timeoutMs, (scope) => this.#handle(scope), { name: `job ${name}` }).then(
      (value) => this.#succeeded(value),
      (error: unknown) => this.#failed(error),
    )
  }

  /** Ends what has not begun. */
  givenBack(message: string): AttemptResult {
    this.stop('shutdown', message)
    return this.#failed(undefined)
  }

  /** The handlers' database. */
  get db(): QueryExecutorProvider {
    return this.#parts.db
  }

  get isolation(): Isolation {
    return this.#parts.isolation
  }

  /** What its handler does at the moment; `undefined` unless it runs. */
  report(): RunningReport | undefined {
    if (this.#scope === undefined || this.#ended) return undefined
    const steps = this.#steps?.unfinished ?? []
    return { id: this.claimed.id, steps, waits: waitsWithin(this.#scope) }
  }

  /** Those of its handler; most have none. */
  get steps(): Steps {
    this.#steps ??= new Steps({
      lease: this.claimed,
      db: this.#parts.db,
      lost: () => {
        // Its own `completeIn` has ended it, perhaps.
        if (this.completesItself) return
        this.stop('lost', `the lease of job ${this.claimed.id} was lost`)
      },
      isCompleting: () => this.isCompleting,
      // It must be settled apart from others: it may have to wait for that transaction.
      inDoubt: () => (this.completesItself = true),
      park: ({ delayMs, waits }) => {
        this.#parked = { wakeAt: performance.now() + delayMs, waits }
        this.stop('asleep', 'it sleeps: the handler is run again when that is over')
      },
    })
    return this.#steps
  }

  /** Throws unless its handler may complete it in `tx` now. */
  expectCompletable(tx: object): void {
    const missing = this.#steps?.missing('none')
    if (missing !== undefined) throw missing
    if (this.#steps?.isOwn(tx) !== true) return
    throw new TypeError(
      'Expected tx to be a transaction of the handler, got that of a step, which ends with it',
    )
  }

  /** Takes what its handler says of its progress; what it says after its end is passed over. */
  say(value: unknown): void {
    if (!this.#ended) this.#parts.say(this.claimed, value)
  }

  #handle(scope: CancelScope): Promise<unknown> {
    this.#scope = scope
    if (!isJobTraced()) return this.#call(scope)
    const { id, queue, name, attempt, dueAt, origin } = this.claimed
    const waitedMs = Math.max(0, performance.now() - dueAt)
    const event = { queue, name, jobId: id, attempt, waitedMs, origin: spanOf(origin) }
    return this.#traced(event, scope)
  }

  async #traced(event: JobEvent, scope: CancelScope): Promise<unknown> {
    let value: unknown
    await traceJob(event, async () => {
      value = await this.#call(scope)
    })
    return value
  }

  #call(scope: CancelScope): Promise<unknown> {
    const payload = this.#payload()
    if (!isPromise(payload)) return this.#runWith(payload, scope)
    return payload.then(
      (given) => this.#runWith(given, scope),
      (error) => this.#refused(error),
    )
  }

  #runWith(given: unknown, scope: CancelScope): Promise<unknown> {
    const { job } = this
    const running =
      job.mode === undefined || job.batchSize !== undefined
        ? job.run(given, new Context(this, scope))
        : this.#inTransaction(given, scope)
    return job.result === undefined ? running : this.#checked(running)
  }

  async #checked(running: Promise<unknown>): Promise<unknown> {
    const value = await running
    if (this.snoozed === undefined && !this.isCompleting) await expectResult(this.job, value)
    return value
  }

  #inTransaction(given: unknown, scope: CancelScope): Promise<unknown> {
    return runInTransaction(this.#parts.db, {
      run: async (tx) => {
        this.tx = tx
        return await this.job.run(given, new Context(this, scope))
      },
      complete: (tx, value) => this.completeIn(tx, value),
    })
  }

  /** Completes it in a transaction: from then on it may be completed although the answer to COMMIT is lost. */
  async completeIn(tx: QueryExecutorProvider, value: unknown): Promise<void> {
    await expectResult(this.job, value)
    const result = resultText(this.job, value)
    this.completesItself = true
    this.isCompleting = true
    await completeIn(tx, this.claimed, result)
  }

  /** Given back for a worker whose code knows such payloads, a while later: they may all be as old as this. */
  #tooNew(): AttemptResult {
    this.#ended = true
    const delayMs = TOO_NEW_MS * (0.5 + Math.random())
    return { settlement: { to: 'waiting', refund: true, delayMs }, stopped: undefined }
  }

  /** A handler that came to its end in spite of a cancel has succeeded. */
  #succeeded(value: unknown): AttemptResult {
    if (this.#stop?.cause === 'asleep') return this.#asleep()
    // A run that is snoozed has not come to its other steps.
    const steps = this.snoozed === undefined ? this.#steps : undefined
    const missing = steps?.missing(this.#scope?.outcome ?? 'none')
    if (missing !== undefined) return this.#failed(missing)
    let settlement: Settlement
    try {
      settlement = this.snoozed === undefined ? this.#completed(value) : snoozedFor(this.snoozed)
    } catch (error) {
      return this.#failed(error)
    }
    this.#end()
    return { settlement, stopped: this.#stop?.cause }
  }

  #completed(value: unknown): Settlement {
    // Most return nothing.
    if (value === undefined || this.isCompleting) return COMPLETED
    return { to: 'completed', result: resultText(this.job, value) as string }
  }

  /** Whatever came of a handler that was ended because it sleeps. What it took to end is a part of the sleep. */
  #asleep(): AttemptResult {
    this.#end()
    const { wakeAt, waits } = this.#parked ?? { wakeAt: 0, waits: false }
    const delayMs = Math.max(0, wakeAt - performance.now())
    const settlement = { to: 'waiting', refund: true, delayMs, waits } as const
    return { settlement, stopped: 'asleep' }
  }

  #failed(error: unknown): AttemptResult {
    if (this.#stop?.cause === 'asleep') return this.#asleep()
    this.#end()
    const { job, claimed } = this
    const { attempt, attempts, returns, payload } = claimed
    const stopped = this.#stop?.cause
    const settlement = verdictOn({ job, attempt, attempts, returns, error, payload, stopped })
    return { settlement, error, stopped }
  }

  /** Until it is settled there are many of it, and none needs its scope any more. */
  #end(): void {
    this.#ended = true
    this.#scope = undefined
  }

  #payload(): unknown {
    const { payload, version } = this.claimed
    const { job } = this
    if (job.schema === undefined && version === job.version) return JSON.parse(payload)
    try {
      return payloadOf(job, version, JSON.parse(payload))
    } catch (error) {
      return this.#refused(error)
    }
  }

  #refused(error: unknown): never {
    if (!(error instanceof PayloadRefusal)) throw error
    const { message, cause } = error
    throw new JobError(
      `"${this.job.name}" no longer accepts the payload of job ${this.claimed.id}: ${message}`,
      { operation: 'run', code: 'invalid_payload', retryable: false, outcome: 'none', cause },
    )
  }
}

/** How long a payload that is newer than the code waits before it is looked at again, in milliseconds. */
const TOO_NEW_MS = 10_000

const COMPLETED: Settlement = { to: 'completed' }
