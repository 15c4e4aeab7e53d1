import { deserialize } from 'node:v8'
import type { Tinypool } from 'tinypool'
import type { JobAnswer, RunningJob } from './job-pool.ts'
import { KillSwitch } from '../scopes/kill-switch.ts'
import type { ProcessMessage, ProcessSignal } from './process-message.ts'
import { isReportOf, type OnReport, unpackReport } from './reports.ts'
import type { WorkerWatch } from './worker-watch.ts'

/** As much of tinypool's workers as is used: their process's id and events. */
type Child = Tinypool['threads'][number]

/** Who hears of a job. */
interface JobListeners {
  readonly release: () => void
  readonly onReport: OnReport | undefined
}

/** A job in a process: it is asked to end by a message over the channel to it. */
export class ProcessJob implements RunningJob {
  readonly release: () => void
  reply!: Promise<unknown>
  begun = false
  readonly #message: ProcessMessage
  readonly #watch: WorkerWatch
  readonly #onReport: OnReport | undefined
  readonly #stop = new KillSwitch()
  #send: ((signal: ProcessSignal) => void) | undefined
  #asked = false
  #end: string | undefined

  constructor(message: ProcessMessage, watch: WorkerWatch, listeners: JobListeners) {
    this.#message = message
    this.#watch = watch
    this.release = listeners.release
    this.#onReport = listeners.onReport
  }

  begin(tinypool: Tinypool): void {
    const channel = {
      // Called once the job is sent to a process.
      onMessage: (send: (signal: ProcessSignal) => void) => {
        this.begun = true
        this.#send = send
        if (this.#asked) this.cancel()
      },
      postMessage: (sent: unknown) => {
        if (isReportOf(sent, this.#message.number)) this.#onReport?.(unpackReport(sent))
      },
    }
    this.reply = tinypool.run(this.#message, { signal: this.#stop, channel })
    // Noted at once, while it is the last: tinypool itself says only that it was unexpected.
    this.reply.catch(() => {
      this.#end ??= this.#watch.lastEnd
    })
  }

  answerOf(reply: unknown): JobAnswer {
    return deserialize(reply as Uint8Array) as JobAnswer
  }

  explain(cause: unknown): unknown {
    return new Error(`The process ${this.#end}`, { cause })
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
