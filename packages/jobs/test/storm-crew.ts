import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

const SKEWS = [0, 300_000, -300_000]

export interface CrewOptions {
  readonly program: string
  readonly url: string
  readonly size: number
  readonly workMs: number
  /** Told which names a worker went by that has ended, however it did. */
  readonly onEnded?: ((names: readonly string[]) => Promise<void>) | undefined
}

/** The workers' processes. One that has ended is replaced. */
export class Crew implements AsyncDisposable {
  readonly #options: CrewOptions
  readonly #children: ChildProcess[]
  /** What was begun for workers that have ended. */
  readonly #told = new Set<Promise<void>>()
  #made = 0
  #isClosed = false

  constructor(options: CrewOptions) {
    this.#options = options
    this.#children = []
    for (let at = 0; at < options.size; at += 1) this.#start(at)
  }

  #start(at: number): void {
    const { program, url, workMs, onEnded } = this.#options
    const skew = SKEWS[this.#made % SKEWS.length] ?? 0
    this.#made += 1
    const child = fork(new URL(program, import.meta.url), [url, `${skew}`, `${workMs}`], {
      stdio: 'ignore',
    })
    const names: string[] = []
    child.on('message', (name) => names.push(name as string))
    child.once('exit', () => {
      if (this.#isClosed) return
      const told = onEnded?.(names).finally(() => this.#told.delete(told as Promise<void>))
      if (told !== undefined) this.#told.add(told)
      // Not at once: a program that can't start is not to take the machine.
      void delay(100).then(() => {
        if (!this.#isClosed) this.#start(at)
      })
    })
    this.#children[at] = child
  }

  at(turn: number): ChildProcess {
    return this.#children[turn % this.#children.length] as ChildProcess
  }

  async end(turn: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.at(turn)
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const [at] of this.#children.entries()) await this.end(at, 'SIGKILL')
    // While the server is there: it would be looked for without end.
    await Promise.all(this.#told)
  }
}
