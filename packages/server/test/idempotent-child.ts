import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const PROGRAM = join(import.meta.dirname, 'idempotent-process.ts')

/** A server of `idempotent-process.ts`. */
export class IdempotentChild {
  readonly #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Starts one; it is killed when the test has ended. */
  static async start(url: string, options: { readonly gated: boolean }): Promise<IdempotentChild> {
    const child = fork(PROGRAM, options.gated ? [url, 'gated'] : [url])
    onTestFinished(() => void child.kill('SIGKILL'))
    const [message] = (await once(child, 'message')) as [{ readonly port: number }]
    return new IdempotentChild(child, message.port)
  }

  /** Sends a request under the key `k`; its body is the name of the effect. */
  async post(name: string): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.port}/effects`, { method: 'POST', ...init(name) })
  }

  /** Waits for the next step, at which the process then stands. */
  async next(): Promise<string> {
    const [message] = (await once(this.#child, 'message')) as [{ readonly step: string }]
    return message.step
  }

  /** Lets it take the step that it stands at. */
  go(): void {
    this.#child.send('go')
  }

  /** Goes on until it stands at `step`; gives the steps on the way. */
  async goTo(step: string): Promise<string[]> {
    const steps: string[] = []
    for (;;) {
      steps.push(await this.next())
      if (steps.at(-1) === step) return steps
      this.go()
    }
  }

  async kill(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }
}

function init(name: string): RequestInit {
  const headers = { 'idempotency-key': '"k"', 'content-type': 'text/plain' }
  return { body: name, headers }
}

/** The same request for a handler of this process. */
export function sameRequest(name: string): Request {
  return new Request('http://127.0.0.1/effects', { method: 'POST', ...init(name) })
}
