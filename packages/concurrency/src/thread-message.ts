import type { JobRequest } from './job-pool.ts'

/** A job on its way to a thread. */
export interface ThreadMessage extends JobRequest {
  /** Where its slot of the shared memory begins. */
  readonly slot: number
  /** Its number: never 0, and unlike that of the slot's last job. */
  readonly number: number
}

/** What a thread is started with. */
export interface ThreadData {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly module: string
}

/** Where in its slot the number of a job stands when it is asked to end. */
export const FLAG = 0

/** Where in its slot the number of a job stands when it has begun. */
export const BEGUN = 1

/** Where in its slot the number of a job stands when it has run and its answer is about to be sent. */
export const ANSWERED = 2

export const SLOT_LENGTH = 3
