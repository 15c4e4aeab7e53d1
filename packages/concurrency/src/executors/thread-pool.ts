import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { ExecutorSettings } from './executor-options.ts'
import type { JobPool, JobRequest, RunningJob } from './job-pool.ts'
import { type OnReport, ReportPort } from './reports.ts'
import { KillSwitch } from '../scopes/kill-switch.ts'
import { ThreadJob } from './thread-job.ts'
import { SLOT_LENGTH, type ThreadMessage } from './thread-message.ts'
import { threadFlags } from './worker-flags.ts'
import { refuseWhileStarting, workerEnvironment } from './worker-start.ts'
import { WorkerWatch } from './worker-watch.ts'
import { workerUrl } from '../worker-url.ts'

/** Numbers of jobs fit into the shared memory and are never 0. */
const MAX_JOB_NUMBER = 2 ** 31 - 1

/**
 * The threads of a {@link JobPool}, by piscina. A job has a slot of shared memory, in which its number
 * stands where it was asked to end, and where it has begun. piscina ends the thread of a task whose
 * signal fires, and starts another when it is needed.
 */
export class ThreadPool implements JobPool {
  readonly #control: Int32Array<SharedArrayBuffer>
  readonly #piscina: Piscina
  readonly #watch: WorkerWatch
  readonly #slots: number[]
  /** Options that a thread may refuse, until one has taken them. */
  #untried: WorkerOptions | undefined
  readonly #jobs = new Set<ThreadJob>()
  /** Threads and their events belong to the code that made the pool, not to the caller that happened to need one more. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #number = 0

  constructor({ module, workers, idleMs, maxHeapMb, env, execArgv }: ExecutorSettings) {
    this.#control = new Int32Array(
      new SharedArrayBuffer(workers * SLOT_LENGTH * Int32Array.BYTES_PER_ELEMENT),
    )
    const flags = execArgv ?? threadFlags(process.execArgv)
    this.#slots = Array.from({ length: workers }, (_, index) => index * SLOT_LENGTH)
    this.#piscina = new Piscina({
      filename: fileURLToPath(workerUrl('thread-worker')),
      workerData: { control: this.#control, module },
      minThreads: 0,
      maxThreads: workers,
      maxQueue: Infinity,
      idleTimeout: idleMs,
      env: workerEnvironment(env),
      // Left out rather than copied: a thread refuses some of what a process was started with.
      ...(flags === undefined ? {} : { execArgv: Array.from(flags) }),
      recordTiming: false,
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    })
    this.#untried = execArgv === undefined ? undefined : { execArgv: Array.from(execArgv) }
    // What happens to a thread without a job affects no call: another one takes its place.
    this.#piscina.on('error', () => undefined)
    this.#watch = new WorkerWatch(
      workers,
      () => this.#piscina.threads,
      (how) => {
        for (const job of this.#jobs) if (!job.begun) job.fail(how)
      },
    )
  }

  start(request: JobRequest, transfer: readonly unknown[], onReport?: OnReport): RunningJob {
    refuseWhileStarting('threads')
    const slot = this.#slots.pop() as number
    const number = (this.#number = (this.#number % MAX_JOB_NUMBER) + 1)
    const { name, args, deadlineAt, context, source } = request
    const reports = onReport === undefined ? undefined : new ReportPort(onReport)
    const isPlain = [deadlineAt, context, source, reports].every((each) => each === undefined)
    const message: ThreadMessage = isPlain
      ? [slot, number, name, args]
      : [slot, number, name, args, deadlineAt, context, source, reports?.far]
    const moving = reports === undefined ? transfer : [...transfer, reports.far]
    const stop = new KillSwitch()
    const reply = this.#outside(() => this.#send(message, moving, stop))
    this.#watch.look()
    const job = new ThreadJob(
      { control: this.#control, watch: this.#watch, message, transfer, stop, reply },
      () => {
        reports?.close()
        this.#jobs.delete(job)
        this.#slots.push(slot)
      },
    )
    this.#jobs.add(job)
    return job
  }

  async #send(
    message: ThreadMessage,
    transfer: readonly unknown[],
    stop: KillSwitch,
  ): Promise<unknown> {
    this.#tryOptions()
    // Awaited, so that a thread which cannot even be made is a rejection too.
    return await this.#piscina.run(message, { signal: stop, transferList: transfer as never })
  }

  /**
   * Makes a thread with the options, once, before piscina does: where that throws, piscina keeps the task
   * in its queue and nobody holds its promise.
   */
  #tryOptions(): void {
    if (this.#untried === undefined) return
    const worker = new Worker('', { ...this.#untried, eval: true })
    this.#untried = undefined
    // Whether such a thread then also starts shows in those of the pool.
    worker.on('error', () => undefined)
    void worker.terminate()
  }

  async destroy(): Promise<void> {
    await this.#piscina.destroy()
  }
}
