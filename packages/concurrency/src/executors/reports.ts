import { AsyncLocalStorage } from 'node:async_hooks'
import { deserialize, serialize } from 'node:v8'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { describeValue } from '../arguments/describe-value.ts'
import { kindOfError, warnRarely } from '../scopes/rare-warning.ts'

/** Takes what a job reports. */
export type OnReport = (value: unknown) => void

/** What a process sends while its job runs. */
export interface ProcessReport {
  readonly yuzuru: 'report'
  /** The number of the job. */
  readonly number: number
  /** As `v8.serialize` writes it. */
  readonly value: Uint8Array
}

/** A listener that is called where `onReport` was given, and of which nothing comes back to the executor. */
export function reportListener(job: string, onReport: OnReport): OnReport {
  return AsyncLocalStorage.bind((value: unknown): void => {
    try {
      onReport(value)
    } catch (error) {
      warnRarely(`onReport of "${job}" failed (${kindOfError(error)})`, 'ReportWarning')
    }
  })
}

/** The way back from a job in a thread. It keeps no process alive. */
export class ReportPort {
  /** To be sent along. */
  readonly far: MessagePort
  readonly #near: MessagePort
  readonly #onReport: OnReport

  constructor(onReport: OnReport) {
    const { port1, port2 } = new MessageChannel()
    this.far = port2
    this.#near = port1
    this.#onReport = onReport
    port1.on('message', onReport)
    port1.unref()
  }

  /** Hears what is still on its way, and closes. */
  close(): void {
    for (;;) {
      const left = receiveMessageOnPort(this.#near)
      if (left === undefined) break
      this.#onReport(left.message)
    }
    this.#near.close()
  }
}

/** Whether it is a report of that job, among all that comes over the same channel. */
export function isReportOf(message: unknown, number: number): message is ProcessReport {
  if (typeof message !== 'object' || message === null) return false
  const { yuzuru, number: of } = message as Partial<ProcessReport>
  return yuzuru === 'report' && of === number
}

export function packReport(job: string, number: number, value: unknown): ProcessReport {
  try {
    return { yuzuru: 'report', number, value: serialize(value) }
  } catch {
    throw unserialisableReport(job, value)
  }
}

export function unpackReport({ value }: ProcessReport): unknown {
  return deserialize(value)
}

/** The mistake of a job that reports what cannot be copied. */
export function unserialisableReport(job: string, value: unknown): TypeError {
  return new TypeError(
    `Expected what "${job}" reports to be serialisable, got ${describeValue(value)}`,
  )
}
