import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { ExecutorSettings } from './executor-options.ts'
import type { JobAnswer, JobPool, JobRequest, RunningJob } from './job-pool.ts'
import { KillSwitch } from './kill-switch.ts'
import { ANSWERED, BEGUN, FLAG, SLOT_LENGTH, type ThreadMessage } from './thread-message.ts'
import { unserialisableArguments, unserialisableResult } from './unserialisable.ts'
import { WorkerWatch } from './worker-watch.ts'
import { workerUrl } from './worker-url.ts'

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
  readonly #jobs = new Set<ThreadJob>()
  /** Threads and their events belong to whoever made the pool, not to who happened to need one more. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #number = 0

  constructor({ module, workers, idleMs, maxHeapMb, env, execArgv }: ExecutorSettings) {
    this.#control = new Int32Array(
      new SharedArrayBuffer(workers * SLOT_LENGTH * Int32Array.BYTES_PER_ELEMENT),
    )
    this.#slots = Array.from({ length: workers }, (_, index) => index * SLOT_LENGTH)
    this.#piscina = new Piscina({
      filename: fileURLToPath(workerUrl('thread-worker')),
      workerData: { control: this.#control, module },
      minThreads: 0,
      maxThreads: workers,
      maxQueue: Infinity,
      idleTimeout: idleMs,
      env: { ...env },
      execArgv: Array.from(execArgv),
      recordTiming: false,
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    })
    // What happens to a thread without a job concerns nobody: another one takes its place.
    this.#piscina.on('error', () => undefined)
    this.#watch = new WorkerWatch(
      () => this.#piscina.threads,
      (how) => {
        for (const job of this.#jobs) if (!job.begun) job.fail(how)
      },
    )
  }

  start(request: JobRequest, transfer: readonly unknown[]): RunningJob {
    const slot = this.#slots.pop() as number
    const number = (this.#number = (this.#number % MAX_JOB_NUMBER) + 1)
    const { name, args, deadlineAt, context } = request
    const message: ThreadMessage = { slot, number, name, args, deadlineAt, context }
    const stop = new KillSwitch()
    const answer = this.#outside(() =>
      this.#piscina.run(message, { signal: stop, transferList: transfer as never }),
    ) as Promise<JobAnswer>
    this.#watch.look()
    const job = new ThreadJob(this.#control, this.#watch, message, transfer, stop, answer, () => {
      this.#jobs.delete(job)
      this.#slots.push(slot)
    })
    this.#jobs.add(job)
    return job
  }

  async destroy(): Promise<void> {
    await this.#piscina.destroy()
  }
}

class ThreadJob implements RunningJob {
  readonly answer: Promise<JobAnswer>
  readonly release: () => void
  readonly #control: Int32Array<SharedArrayBuffer>
  readonly #watch: WorkerWatch
  readonly #message: ThreadMessage
  readonly #stop: KillSwitch
  readonly #transfer: readonly unknown[]
  #failure: Error | undefined

  constructor(
    control: Int32Array<SharedArrayBuffer>,
    watch: WorkerWatch,
    message: ThreadMessage,
    transfer: readonly unknown[],
    stop: KillSwitch,
    answer: Promise<JobAnswer>,
    release: () => void,
  ) {
    this.#control = control
    this.#watch = watch
    this.#message = message
    this.#transfer = transfer
    this.#stop = stop
    this.release = release
    this.answer = answer.catch((error: unknown) => {
      throw this.#told(error)
    })
  }

  get begun(): boolean {
    return this.#has(BEGUN)
  }

  cancel(): void {
    const { slot, number } = this.#message
    Atomics.store(this.#control, slot + FLAG, number)
    Atomics.notify(this.#control, slot + FLAG)
  }

  /** Gives it up: no thread will take it. */
  fail(how: string): void {
    this.#failure = new Error(`The thread ${how}`)
    this.#stop.fire()
  }

  kill(): Promise<void> {
    return this.#watch.untilGone(() => this.#stop.fire())
  }

  #has(mark: number): boolean {
    const { slot, number } = this.#message
    return Atomics.load(this.#control, slot + mark) === number
  }

  #told(error: unknown): unknown {
    const { name, args } = this.#message
    if (this.#failure !== undefined) return this.#failure
    // On its way from a thread that ended of it, such an error keeps its name only in the stack.
    const isCloning = error instanceof Error && error.stack?.startsWith('DataCloneError')
    if (!isCloning) return error
    if (this.#has(ANSWERED)) return unserialisableResult(name)
    if (this.begun) return error
    return unserialisableArguments(name, args, (arg) => {
      if (!this.#transfer.includes(arg)) structuredClone(arg)
    })
  }
}
