import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { shield, sleep } from '@yuzuru/concurrency'
import type { Settings } from '../settings.ts'
import type { AskFigures, Figures } from './figures.ts'

/** How long a process that was asked to stop may take before it is killed, in milliseconds. */
const STOP_MS = 30_000
/** The wait before one that died is started again, in milliseconds. */
const RESPAWN_MS = 200

export interface MemberOptions {
  readonly name: string
  /** The path of its program. */
  readonly script: string
  readonly settings: Settings
  /** Takes each line that it writes. */
  readonly onLine: (line: string) => void
}

type Ready = { readonly type: 'ready'; readonly port?: number }

/** One of the app's own processes. One that dies is started again. */
export class Member implements AsyncDisposable {
  readonly name: string
  readonly #options: MemberOptions
  #child: ChildProcess | undefined = undefined
  #port = 0
  #expected = false
  #ended = false
  #crashes = 0
  #startedAt = 0
  #starting: Promise<void> = Promise.resolve()

  private constructor(options: MemberOptions) {
    this.name = options.name
    this.#options = options
  }

  static async start(options: MemberOptions): Promise<Member> {
    const member = new Member(options)
    await member.#spawn()
    return member
  }

  /** Where it listens; 0 as long as it does not. */
  get port(): number {
    return this.#port
  }

  /** How often it ended without being asked to: an unhandled rejection ends a process. */
  get crashes(): number {
    return this.#crashes
  }

  /** Since when the process of now runs, as `performance.now()` says it. */
  get startedAt(): number {
    return this.#startedAt
  }

  /** SIGKILL, as the kernel might. It is up again at the end. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
    await sleep(RESPAWN_MS)
    await this.#spawn()
  }

  /** An orderly end, and a new start. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM')
    await this.#spawn()
  }

  async figures(): Promise<Figures> {
    await this.#starting
    const child = this.#child
    if (child === undefined) throw new Error(`${this.name} does not run`)
    const { promise, resolve } = Promise.withResolvers<Figures>()
    const listen = (message: unknown): void => {
      if ((message as Figures).type === 'figures') resolve(message as Figures)
    }
    child.on('message', listen)
    const ask: AskFigures = { type: 'ask-figures' }
    child.send(ask)
    try {
      return await promise
    } finally {
      child.off('message', listen)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await shield(async () => {
      await this.#starting.catch(() => undefined)
      await this.#end('SIGTERM')
    })
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#starting
    const child = this.#child
    this.#expected = true
    this.#port = 0
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => {
      this.#options.onLine(`${this.name} did not end in ${STOP_MS} ms and was killed`)
      this.#crashes += 1
      child.kill('SIGKILL')
    }, STOP_MS)
    await gone
    clearTimeout(timer)
  }

  async #spawn(): Promise<void> {
    this.#starting = this.#fork()
    await this.#starting
  }

  async #fork(): Promise<void> {
    const { script, settings, onLine } = this.#options
    const child = fork(script, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(script), '.compile-cache') },
    })
    this.#child = child
    this.#startedAt = performance.now()
    this.#expected = false
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line !== '') onLine(`${this.name}: ${line}`)
      })
    }
    child.once('exit', (code, signal) => {
      this.#port = 0
      if (this.#expected || this.#ended) return
      this.#crashes += 1
      onLine(`${this.name} ended by itself (${signal ?? code})`)
      setTimeout(() => {
        if (this.#ended || this.#expected) return
        this.#spawn().catch((error: unknown) => onLine(`${this.name}: ${String(error)}`))
      }, RESPAWN_MS)
    })
    const ready = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        const { type, port = 0 } = message as Ready
        if (type !== 'ready') return
        this.#port = port
        resolve()
      })
    })
    child.send(settings)
    await Promise.race([ready, once(child, 'exit')])
  }
}
