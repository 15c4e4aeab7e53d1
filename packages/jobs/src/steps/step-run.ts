import type { Outcome } from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import type { Lease } from '../engine/lease.ts'
import type { JobError } from '../job-error.ts'
import type { Parked, Parking } from './parking.ts'
import type { StepMemory } from './step-memory.ts'

/** The run of a handler, as far as its steps go. */
export interface StepRun {
  readonly lease: Lease
  /** Where results are kept that have no transaction. */
  readonly db: QueryExecutorProvider
  /** The lease was lost: to end the handler. */
  readonly lost: () => void
  /** Whether its handler has called `completeIn`: the transaction of that has the job's row locked until it ends. */
  readonly isCompleting: () => boolean
  /** A transaction may still be open on the server, with a lock on the job's row. */
  readonly inDoubt: () => void
  /** All that is left is to sleep, or to wait: ends the handler. */
  readonly park: (parked: Parked) => void
}

/** What all kinds of steps of one run work with. */
export interface StepTools {
  readonly run: StepRun
  readonly memory: StepMemory
  readonly parking: Parking
  /** Throws unless `name` may be the next step's. */
  readonly ask: (name: string) => void
  /** Reads what earlier runs have kept, once. */
  readonly load: () => Promise<void>
  /** Ends the handler. @param outcome of the step */
  readonly lost: (outcome: Outcome) => JobError
}

/** What a step gave, out of what is kept of it. */
export function valueOf(result: string | undefined): unknown {
  return result === undefined ? undefined : JSON.parse(result)
}
