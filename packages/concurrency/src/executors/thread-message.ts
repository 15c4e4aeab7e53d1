import type { InlineSource } from './inline/inline-source.ts'
import type { MessagePort } from 'node:worker_threads'
import type { JobAnswer } from './job-pool.ts'

/** A job on its way to a thread: a tuple, because the names of an object's fields travel each time. */
export type ThreadMessage = readonly [
  /** Where its slot of the shared memory begins. */
  slot: number,
  /** Its number: never 0, and unlike that of the slot's last job. */
  number: number,
  name: string,
  args: readonly unknown[],
  deadlineAt?: number | undefined,
  context?: Readonly<Record<string, unknown>> | undefined,
  source?: InlineSource | undefined,
  /** Where its reports go. */
  reports?: MessagePort | undefined,
]

/** What comes back: what the job gave, in an array of one, or what else became of it. */
export type ThreadAnswer = readonly [value: unknown] | Exclude<JobAnswer, { kind: 'value' }>

/** What a thread is started with. */
export interface ThreadData {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly module: string | undefined
}

/** The place in a slot for the number of a job that is to end. */
export const FLAG = 0

/** Where in its slot the number of a job stands when it has begun. */
export const BEGUN = 1

/** Where in its slot the number of a job stands when it has run and its answer is about to be sent. */
export const ANSWERED = 2

export const SLOT_LENGTH = 3
