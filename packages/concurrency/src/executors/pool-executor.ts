import { expectOptions } from '../arguments/expect-options.ts'
import { currentClock, type Timer } from '../scopes/clock.ts'
import { expected, expectFunction } from '../arguments/expected.ts'
import type { Executor, JobOptions } from './executor.ts'
import { ExecutorError, type ExecutorErrorCode, WorkerCrashed } from './executor-error.ts'
import { admission, type Admission } from '../boundary/admission.ts'
import { closing, type Closing, type CloseOptions } from '../boundary/closing.ts'
import { expectEffect } from '../boundary/expect-effect.ts'
import type { RefusedEntry } from '../boundary/refused-entry.ts'
import type { ExecutorSettings } from './executor-options.ts'
import { type AnyFunction, inlineSourceOf } from './inline/inline-source.ts'
import { io } from '../boundary/io.ts'
import type { IoProgress } from '../boundary/io-call.ts'
import { expectJob, type ExpectedJob } from './expect-job.ts'
import { reviveFailure } from './job-failure.ts'
import type { JobAnswer, JobPool, RunningJob } from './job-pool.ts'
import { type OnReport, reportListener } from './reports.ts'
import type { Outcome } from '../scopes/outcome.ts'
import { remaining } from '../scopes/remaining.ts'
import { currentScope } from '../scopes/current-scope.ts'
import type { Scope } from '../scopes/scope.ts'

/** What an executor takes for a job besides {@link JobOptions}. */
export interface PooledJobOptions extends JobOptions {
  readonly transfer?: readonly unknown[] | undefined
}

const JOB_OPTIONS = ['signal', 'timeoutMs', 'effect', 'onReport', 'transfer']

/** One call, as the pool executor sees it. */
interface Call extends ExpectedJob {
  readonly transfer: readonly unknown[]
  readonly outcome: Outcome
  readonly onReport: OnReport | undefined
}

/** Obeys the scope on behalf of a pool: queue, flag, grace, kill, crash, drain. */
export class PoolExecutor<M extends object, O extends PooledJobOptions> implements Executor<M, O> {
  readonly #boundary: string
  readonly #settings: ExecutorSettings
  readonly #pool: JobPool
  readonly #workers: Admission<Call>
  /** What asks each running job to end. */
  readonly #stops = new Set<() => void>()
  readonly #life: Closing<Call>

  constructor(boundary: string, settings: ExecutorSettings, pool: JobPool) {
    const { workers, queue, acquireTimeoutMs } = settings
    const refuse = ({ code, message }: RefusedEntry, call: Call): ExecutorError =>
      this.#error(call, code, message)
    this.#boundary = boundary
    this.#settings = settings
    this.#pool = pool
    this.#workers = admission({
      connections: workers,
      queue,
      acquireTimeoutMs,
      kind: 'worker of',
      name: boundary,
      refuse,
    })
    this.#life = closing({
      name: boundary,
      refuse,
      cut: () => this.#stop(),
      undoMs: Infinity,
      end: () => pool.destroy(),
    })
  }

  get running(): number {
    return this.#workers.used
  }

  get waiting(): number {
    return this.#workers.waiting
  }

  call(job: string | AnyFunction, ...args: unknown[]): Promise<never> {
    return this.run(typeof job === 'function' ? { fn: job, args } : { name: job, args })
  }

  async run(job: object, options?: O): Promise<never> {
    const expectedJob = expectJob(job, this.#settings.module !== undefined)
    expectOptions(options, JOB_OPTIONS, `${this.#boundary}.run`)
    const { effect = this.#settings.effect, onReport, transfer = [] } = options ?? {}
    expectEffect(effect)
    if (onReport !== undefined) expectFunction('onReport', onReport)
    if (!Array.isArray(transfer)) {
      throw expected('transfer to be an array', transfer)
    }
    const outcome: Outcome = effect === 'read' ? 'none' : 'unknown'
    const listener = onReport === undefined ? undefined : reportListener(expectedJob.name, onReport)
    const call: Call = { ...expectedJob, transfer, outcome, onReport: listener }
    const answer = await io(
      // What a job throws is its caller's own error.
      { boundary: this.#boundary, operation: call.name, effect, translate: 'none' },
      options,
      async (_signal, progress) => {
        progress.sent = false
        using _call = this.#life.enter(call)
        return await this.#admit(call, progress)
      },
    )
    return answer as never
  }

  async #admit(call: Call, progress: IoProgress): Promise<unknown> {
    const source = call.fn === undefined ? undefined : await inlineSourceOf(call.fn)
    using _permit = await this.#workers.acquire(call)
    const scope = currentScope() as Scope
    scope.throwIfCancelled()
    const job = this.#pool.start(
      {
        name: call.name,
        args: call.args,
        deadlineAt: scope.deadline === Infinity ? undefined : Date.now() + remaining(),
        context: this.#context(),
        source,
      },
      call.transfer,
      call.onReport,
    )
    progress.sent = true
    const answer = await this.#attend(call, scope, job, progress)
    if (answer.kind === 'value') return answer.value
    if (answer.kind === 'cancelled') throw this.#ending(call, scope)
    const error = reviveFailure(answer.failure)
    if (answer.kind === 'error') throw error
    progress.sent = false
    throw this.#error(call, 'module_failed', 'its module could not be loaded', error)
  }

  /** Waits for a job, and has it end when the scope, or `close`, asks for it. */
  async #attend(
    call: Call,
    scope: Scope,
    job: RunningJob,
    progress: IoProgress,
  ): Promise<JobAnswer> {
    const { graceMs } = this.#settings
    let grace: Timer | undefined
    let killed: Promise<void> | undefined
    const kill = (): void => void (killed ??= job.kill())
    const stop = (): void => {
      if (grace !== undefined || killed !== undefined) return
      job.cancel()
      if (graceMs <= 0) kill()
      else if (graceMs !== Infinity) grace = currentClock().schedule(graceMs, kill)
    }
    const unlisten = scope.onCancel(stop)
    this.#stops.add(stop)
    try {
      return job.answerOf(await job.reply)
    } catch (error) {
      await killed
      progress.sent = job.begun
      if (killed !== undefined) throw this.#ending(call, scope)
      const cause = job.explain(error)
      throw cause instanceof TypeError ? cause : this.#crash(call, job, cause)
    } finally {
      unlisten()
      grace?.cancel()
      this.#stops.delete(stop)
      job.release()
    }
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const closed = this.#life.close(options)
    const unlisten = currentScope()?.onCancel(() => this.#life.cut())
    await closed.finally(unlisten)
  }

  /** Those that wait for a worker are refused; those that run are asked to end. */
  #stop(): void {
    this.#workers.close()
    for (const stop of this.#stops) stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #context(): Readonly<Record<string, unknown>> | undefined {
    const { context } = this.#settings
    if (context === undefined) return undefined
    return Object.fromEntries(
      Object.entries(context).map(([name, variable]) => [name, variable.getStore()]),
    )
  }

  /** Why a job ended that was asked to. */
  #ending(call: Call, scope: Scope): unknown {
    if (scope.reason !== undefined) return scope.reason
    const message = `"${call.name}" was ended: the executor was closed meanwhile`
    const { name: job, outcome } = call
    return new ExecutorError(message, { boundary: this.#boundary, job, code: 'closed', outcome })
  }

  #crash({ name, outcome }: Call, job: RunningJob, cause: unknown): WorkerCrashed {
    const reason = job.begun ? 'its worker ended before it' : 'its worker could not start'
    return new WorkerCrashed(`"${name}" crashed: ${reason}`, {
      boundary: this.#boundary,
      job: name,
      outcome: job.begun ? outcome : 'none',
      cause,
    })
  }

  /** Of a job that was never begun. */
  #error(call: Call, code: ExecutorErrorCode, reason: string, cause?: unknown): ExecutorError {
    return new ExecutorError(`"${call.name}" was not run: ${reason}`, {
      boundary: this.#boundary,
      job: call.name,
      code,
      outcome: 'none',
      ...(cause === undefined ? {} : { cause }),
    })
  }
}
