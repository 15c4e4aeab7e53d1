import {
  type IoOptions,
  isRetryable,
  type Outcome,
  outcomeOf,
  sleep,
  withTimeout,
} from '@yuzuru/concurrency'
import {
  backoff,
  describeValue,
  expected,
  expectFunction,
  expectOptions,
  IO_OPTIONS,
  messageOf,
} from '@yuzuru/concurrency/boundary'
import { singleFlight } from '@yuzuru/concurrency/resilience'
import type { Queryable } from '@yuzuru/db'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import { expectDatabase } from '../database/execute.ts'
import type { Lease } from '../engine/lease.ts'
import { JobError } from '../job-error.ts'
import { serialise } from '../job/payload.ts'
import type { Step } from '../job/step.ts'
import { keepInTransaction } from './keep-in-transaction.ts'
import { StepMemory } from './step-memory.ts'
import { keepStep, loadSteps, type NewStep } from './step-store.ts'

/** The run of a handler, as far as its steps go. */
export interface StepRun {
  readonly lease: Lease
  /** Where results are kept that have no transaction. */
  readonly db: QueryExecutorProvider
  /** The lease was lost: to end the handler. */
  readonly lost: () => void
  /** A transaction may still be open on the server, with a lock on the job's row. */
  readonly inDoubt: () => void
}

/** What a step does; with a `tx` when it has a database. */
type Work = (tx?: Transaction<unknown>) => unknown

const delayMs = backoff({ baseDelayMs: 50, maxDelayMs: 2_000 })

/** The steps of one run of a handler. Made when the handler first asks for `step`. */
export class Steps {
  readonly #run: StepRun
  readonly #memory: StepMemory
  readonly #load: () => Promise<void>
  readonly #transactions = new WeakSet<object>()
  #isLoaded: boolean

  constructor(run: StepRun) {
    this.#run = run
    this.#memory = new StepMemory(run.lease.id)
    // Nobody has run it before the first claim.
    this.#isLoaded = run.lease.claim === 1
    this.#load = singleFlight(async () => {
      if (this.#isLoaded) return
      this.#memory.load(await loadSteps(run.db, run.lease, {}))
      this.#isLoaded = true
    })
  }

  /** What the handler calls. */
  readonly step: Step = async <T>(name: string, ...rest: readonly unknown[]): Promise<T> => {
    const { db, work, options } = argumentsOf(rest)
    this.#memory.ask(name)
    const body = (): Promise<T> => this.#do<T>(name, db, work)
    const { signal, timeoutMs } = options
    if (signal === undefined && timeoutMs === undefined) return await body()
    return await withTimeout(timeoutMs ?? Infinity, body, {
      name: `step ${name}`,
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /**
   * The error of a handler that ends without having asked for all that earlier runs finished.
   *
   * @param outcome of the handler so far
   */
  missing(outcome: Outcome): JobError | undefined {
    return this.#memory.missing(outcome)
  }

  /** Whether `tx` is a step's own. */
  isOwn(tx: object): boolean {
    return this.#transactions.has(tx)
  }

  async #do<T>(name: string, db: Queryable<unknown> | undefined, work: Work): Promise<T> {
    if (!this.#isLoaded) await this.#load()
    const known = this.#memory.recall(name)
    if (known !== undefined) {
      return (known.result === undefined ? undefined : JSON.parse(known.result)) as T
    }
    await this.#memory.hold(name)
    const startedAt = performance.now()
    const stepOf = (value: unknown): NewStep => {
      const result = value === undefined ? undefined : serialise(value, `the result of "${name}"`)
      this.#memory.expectRoom(name, result)
      const tookMs = performance.now() - startedAt
      return { name, result, beside: this.#memory.beside(name), tookMs }
    }
    const value = await (db === undefined
      ? this.#keep(await work(), stepOf)
      : this.#inTransaction(name, db, work, stepOf))
    this.#memory.finished(name)
    return value as T
  }

  /** The effect has happened: so what can't be written now is tried again, as long as the handler may run. */
  async #keep(value: unknown, stepOf: (value: unknown) => NewStep): Promise<unknown> {
    const { db, lease } = this.#run
    const step = stepOf(value)
    for (let tries = 1; ; tries += 1) {
      try {
        if (await keepStep(db, lease, step, {})) return value
        throw this.#lost('unknown')
      } catch (error) {
        if (isRetryable(error)) await sleep(delayMs(tries))
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
    return await keepInTransaction(db, { lease, name, inDoubt }, async (tx) => {
      this.#transactions.add(tx)
      const value = await work(tx)
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
  return new JobError(`"${name}" was done, and its result could not be kept: ${reason}`, {
    operation: 'step',
    code: JobError.isInstance(cause) ? cause.code : 'database',
    retryable: false,
    outcome: 'unknown',
    cause,
  })
}

interface StepArguments {
  readonly db: Queryable<unknown> | undefined
  readonly work: Work
  readonly options: IoOptions
}

/** `fn, options?` or `db, fn, options?`. */
function argumentsOf(rest: readonly unknown[]): StepArguments {
  const [first] = rest
  const hasDb = typeof first !== 'function'
  const [work, options = {}] = (hasDb ? rest.slice(1) : rest) as [Work, IoOptions?]
  expectOptions(options, IO_OPTIONS, 'step')
  if (!hasDb) {
    if (work.length === 0) return { db: undefined, work, options }
    throw expected('a database before a function that takes a tx', work)
  }
  const db = first as Queryable<unknown>
  expectDatabase(db)
  if ('isTransaction' in db && db.isTransaction) {
    throw new TypeError('Expected db to be a Kysely, got a Transaction: a step commits by itself')
  }
  expectFunction('fn', work)
  return { db, work, options }
}
