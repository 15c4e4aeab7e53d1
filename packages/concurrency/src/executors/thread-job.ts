import type { JobAnswer, RunningJob } from './job-pool.ts'
import type { KillSwitch } from '../scopes/kill-switch.ts'
import {
  ANSWERED,
  BEGUN,
  FLAG,
  type ThreadAnswer,
  type ThreadData,
  type ThreadMessage,
} from './thread-message.ts'
import { unserialisableArguments, unserialisableResult } from './unserialisable.ts'
import type { WorkerWatch } from './worker-watch.ts'

/** What a {@link ThreadJob} is made of. */
interface ThreadJobInit {
  readonly control: ThreadData['control']
  readonly watch: WorkerWatch
  readonly message: ThreadMessage
  readonly transfer: readonly unknown[]
  readonly stop: KillSwitch
  readonly reply: Promise<unknown>
}

/** A job in a thread: a slot of shared memory asks it to end, and shows how far it is. */
export class ThreadJob implements RunningJob {
  readonly release: () => void
  readonly #init: ThreadJobInit
  #failure: Error | undefined

  constructor(init: ThreadJobInit, release: () => void) {
    this.#init = init
    this.release = release
  }

  get reply(): Promise<unknown> {
    return this.#init.reply
  }

  get begun(): boolean {
    return this.#has(BEGUN)
  }

  cancel(): void {
    const { control, message } = this.#init
    const [slot, number] = message
    Atomics.store(control, slot + FLAG, number)
    Atomics.notify(control, slot + FLAG)
  }

  /** Gives it up: no thread will take it. */
  fail(how: string): void {
    this.#failure = new Error(`The thread ${how}`)
    this.#init.stop.fire()
  }

  kill(): Promise<void> {
    return this.#init.watch.untilGone(() => this.#init.stop.fire())
  }

  answerOf(reply: unknown): JobAnswer {
    const answer = reply as ThreadAnswer
    return 'kind' in answer ? answer : { kind: 'value', value: answer[0] }
  }

  explain(error: unknown): unknown {
    const { message, transfer } = this.#init
    const [, , name, args] = message
    if (this.#failure !== undefined) return this.#failure
    // On its way from a thread that ended of it, such an error keeps its name only in the stack.
    const isCloning = error instanceof Error && error.stack?.startsWith('DataCloneError')
    if (!isCloning) return error
    // Its result then, which the thread could not send.
    if (this.#has(ANSWERED)) return unserialisableResult(name)
    if (this.begun) return error
    return unserialisableArguments(name, args, (arg) => {
      if (!transfer.includes(arg)) structuredClone(arg)
    })
  }

  #has(mark: number): boolean {
    const { control, message } = this.#init
    const [slot, number] = message
    return Atomics.load(control, slot + mark) === number
  }
}
