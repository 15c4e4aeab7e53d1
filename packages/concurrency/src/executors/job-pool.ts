import type { InlineSource } from './inline/inline-source.ts'
import type { JobFailure } from './job-failure.ts'
import type { OnReport } from './reports.ts'

/** What is sent to a worker. */
export interface JobRequest {
  readonly name: string
  readonly args: readonly unknown[]
  /** On the wall clock, which all workers of a machine share: milliseconds since 1970. */
  readonly deadlineAt: number | undefined
  readonly context: Readonly<Record<string, unknown>> | undefined
  /** The function itself, where it is none of the module's. */
  readonly source: InlineSource | undefined
}

/** What comes back from a worker. */
export type JobAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'error' | 'module'; readonly failure: JobFailure }

/** A job that was handed over to a worker. */
export interface RunningJob {
  /** What the worker sends back. Rejects when it ends before the job. */
  readonly reply: Promise<unknown>
  /** What a reply means. */
  answerOf(reply: unknown): JobAnswer
  /** What the rejection of `reply` means; a `TypeError` is the caller's mistake. */
  explain(error: unknown): unknown
  /** Whether the worker may have begun with it. */
  readonly begun: boolean
  /** Raises the flag that the job can read. */
  cancel(): void
  /** Kills the worker that has it, and no other; settles when that one is gone. */
  kill(): Promise<void>
  /** To be called once it has ended. */
  release(): void
}

/** Workers that take one job each. The executor never gives it more jobs than there may be workers. */
export interface JobPool {
  /** @throws {TypeError} when something cannot be sent */
  start(request: JobRequest, transfer: readonly unknown[], onReport?: OnReport): RunningJob
  /** Ends all workers; settles when they are gone. */
  destroy(): Promise<void>
}
