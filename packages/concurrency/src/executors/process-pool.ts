import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { Tinypool } from 'tinypool'
import type { ExecutorSettings } from './executor-options.ts'
import type { JobPool, JobRequest, RunningJob } from './job-pool.ts'
import { ProcessJob } from './process-job.ts'
import type { OnReport } from './reports.ts'
import { unserialisableArguments } from './unserialisable.ts'
import { processFlags } from './worker-flags.ts'
import { refuseWhileStarting, workerEnvironment } from './worker-start.ts'
import { WorkerWatch } from './worker-watch.ts'
import { workerUrl } from '../worker-url.ts'

/**
 * The processes of a {@link JobPool}, by tinypool. tinypool drops the process of a task whose signal
 * fires, asks it to end with SIGTERM, and insists after a second; we insist at once, with SIGKILL.
 */
export class ProcessPool implements JobPool {
  readonly #module: string | undefined
  readonly #tinypool: Tinypool
  readonly #watch: WorkerWatch
  readonly #jobs = new Set<ProcessJob>()
  readonly #outside = AsyncLocalStorage.snapshot()
  #number = 0

  constructor({ module, workers, idleMs, maxHeapMb, env, execArgv }: ExecutorSettings) {
    this.#module = module
    const heap = maxHeapMb === undefined ? [] : [`--max-old-space-size=${maxHeapMb}`]
    const flags = [...(execArgv ?? processFlags(process.execArgv)), ...heap]
    this.#tinypool = new Tinypool({
      runtime: 'child_process',
      filename: fileURLToPath(workerUrl('process-worker')),
      serialization: 'advanced',
      minThreads: 0,
      maxThreads: workers,
      idleTimeout: idleMs,
      env: workerEnvironment(env) as Record<string, string>,
      execArgv: flags,
    })
    this.#tinypool.on('error', () => undefined)
    this.#watch = new WorkerWatch(
      workers,
      () => this.#tinypool.threads,
      (how) => {
        for (const job of this.#jobs) if (!job.begun) job.fail(how)
      },
    )
  }

  start(request: JobRequest, _transfer: readonly unknown[], onReport?: OnReport): RunningJob {
    refuseWhileStarting('processes')
    const message = {
      number: ++this.#number,
      module: this.#module,
      request: pack(request),
      reports: onReport !== undefined,
    }
    const release = (): void => void this.#jobs.delete(job)
    const job = new ProcessJob(message, this.#watch, { release, onReport })
    this.#outside(() => job.begin(this.#tinypool))
    this.#watch.look()
    this.#jobs.add(job)
    return job
  }

  async destroy(): Promise<void> {
    await this.#tinypool.destroy()
  }
}

function pack(request: JobRequest): Uint8Array {
  try {
    return serialize(request)
  } catch {
    throw unserialisableArguments(request.name, request.args, serialize)
  }
}
