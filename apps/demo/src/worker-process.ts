import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Event } from '@yuzuru/concurrency/sync'
import { Cancelled, moveOnAfter, shield, sleep } from '@yuzuru/concurrency'
import type { Settings } from './settings.ts'
import type { WorkerMessage } from './worker.ts'

/** How long a worker that was asked to stop may take before it is killed, in milliseconds. */
const STOP_MS = 15_000

const SCRIPT = fileURLToPath(new URL('worker.js', import.meta.url))

/**
 * The process that runs the jobs. It is restarted when it dies, and it ends with its parent, whose end
 * closes the pipe between them.
 */
export class WorkerProcess implements AsyncDisposable {
  readonly #settings: Settings
  readonly #script: string
  #child: ChildProcess | undefined = undefined
  #stopping = false
  #deaths = 0

  private constructor(settings: Settings, script: string) {
    this.#settings = settings
    this.#script = script
  }

  /**
   * Starts it and waits until it is ready; a cancel meanwhile ends it.
   *
   * @param script what it runs
   */
  static async start(settings: Settings, script: string = SCRIPT): Promise<WorkerProcess> {
    await using stack = new AsyncDisposableStack()
    const worker = stack.use(new WorkerProcess(settings, script))
    await worker.#spawn()
    stack.move()
    return worker
  }

  /** How often it died without being asked to. */
  get deaths(): number {
    return this.#deaths
  }

  /** Kills it with SIGKILL, as an operator or the kernel might. It is restarted. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Shielded, because the worker must be awaited in a shutdown, when everything is cancelled. */
  async [Symbol.asyncDispose](): Promise<void> {
    await shield(() => this.#stop())
  }

  async #stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const { expired } = await moveOnAfter(STOP_MS, ({ signal }) => once(child, 'exit', { signal }))
    if (expired) child.kill('SIGKILL')
    await gone
  }

  /** Waits a little longer each time: one that cannot start must not keep a core busy. */
  async #respawn(): Promise<void> {
    await sleep(Math.min(this.#deaths, 50) * 100)
    if (!this.#stopping) await this.#spawn()
  }

  async #spawn(): Promise<void> {
    const child = fork(this.#script, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    // A plain promise would be waited for in a cancelled scope, too: a start may take longer than a shutdown.
    const ready = new Event({ name: 'the worker is ready' })
    child.once('exit', () => {
      ready.set()
      if (this.#stopping) return
      this.#deaths += 1
      this.#respawn().catch((error: unknown) => {
        // A shutdown ends the wait before the next start.
        if (!Cancelled.isInstance(error)) console.error('The worker does not start:', error)
      })
    })
    child.send(this.#settings)
    child.on('message', (message) => {
      if ((message as WorkerMessage).type === 'ready') ready.set()
    })
    await ready.wait()
  }
}
