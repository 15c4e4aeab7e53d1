import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import { Tinypool } from 'tinypool'
import type { ExecutorSettings } from './executor-options.ts'
import type { JobAnswer, JobPool, JobRequest, RunningJob } from './job-pool.ts'
import { KillSwitch } from './kill-switch.ts'
import type { ProcessMessage, ProcessSignal } from './process-message.ts'
import { unserialisableArguments } from './unserialisable.ts'
import { WorkerWatch } from './worker-watch.ts'
import { workerUrl } from './worker-url.ts'

/** As much of tinypool's workers as is used: their process's id and events. */
type Child = Tinypool['threads'][number]

/**
 * The processes of a {@link JobPool}, by tinypool. tinypool drops the process of a task whose signal
 * fires, asks it to end with SIGTERM, and insists after a second; we insist at once, with SIGKILL.
 */
export class ProcessPool implements JobPool {
  readonly #module: string
  readonly #tinypool: Tinypool
  readonly #watch: WorkerWatch
  readonly #jobs = new Set<ProcessJob>()
  readonly #outside = AsyncLocalStorage.snapshot()
  #number = 0

  constructor({ module, workers, idleMs, maxHeapMb, env, execArgv }: ExecutorSettings) {
    this.#module = module
    const heap = maxHeapMb === undefined ? [] : [`--max-old-space-size=${maxHeapMb}`]
    this.#tinypool = new Tinypool({
      runtime: 'child_process',
      filename: fileURLToPath(workerUrl('process-worker')),
      serialization: 'advanced',
      minThreads: 0,
      maxThreads: workers,
      idleTimeout: idleMs,
      env: { ...env } as Record<string, string>,
      execArgv: [...execArgv, ...heap],
    })
    this.#tinypool.on('error', () => undefined)
    this.#watch = new WorkerWatch(
      () => this.#tinypool.threads,
      (how) => {
        for (const job of this.#jobs) if (!job.begun) job.fail(how)
      },
    )
  }

  start(request: JobRequest): RunningJob {
    const message = { number: ++this.#number, module: this.#module, request: pack(request) }
    const job = new ProcessJob(message, this.#watch, () => this.#jobs.delete(job))
    this.#outside(() => job.begin(this.#tinypool))
    this.#watch.look()
    this.#jobs.add(job)
    return job
  }

  async destroy(): Promise<void> {
    await this.#tinypool.destroy()
  }
}

class ProcessJob implements RunningJob {
  readonly release: () => void
  answer!: Promise<JobAnswer>
  begun = false
  readonly #message: ProcessMessage
  readonly #watch: WorkerWatch
  readonly #stop = new KillSwitch()
  #send: ((signal: ProcessSignal) => void) | undefined
  #asked = false
  #end: string | undefined

  constructor(message: ProcessMessage, watch: WorkerWatch, release: () => void) {
    this.#message = message
    this.#watch = watch
    this.release = release
  }

  begin(tinypool: Tinypool): void {
    const channel = {
      // Called once the job is sent to a process.
      onMessage: (send: (signal: ProcessSignal) => void) => {
        this.begun = true
        this.#send = send
        if (this.#asked) this.cancel()
      },
    }
    this.answer = tinypool.run(this.#message, { signal: this.#stop, channel }).then(
      (bytes: Uint8Array) => deserialize(bytes) as JobAnswer,
      // tinypool says only that it was unexpected.
      (cause: unknown) => {
        throw new Error(`The process ${this.#end ?? this.#watch.lastEnd}`, { cause })
      },
    )
  }

  cancel(): void {
    this.#asked = true
    this.#send?.({ yuzuru: 'cancel', number: this.#message.number })
  }

  /** Gives it up: no process will take it. */
  fail(how: string): void {
    this.#end = how
    this.#stop.fire()
  }

  kill(): Promise<void> {
    return this.#watch.untilGone(
      () => this.#stop.fire(),
      (child) => {
        try {
          process.kill((child as Child).threadId, 'SIGKILL')
        } catch {
          // It was quicker.
        }
      },
    )
  }
}

function pack(request: JobRequest): Uint8Array {
  try {
    return serialize(request)
  } catch {
    throw unserialisableArguments(request.name, request.args, serialize)
  }
}
