import type { IoOptions } from '@yuzuru/concurrency'
import { expected, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import type { RawBuilder } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { pauseOf } from '../database/not-paused.ts'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'

/** What `pauseQueue` pauses and `scaleQueue` gives a number: all jobs of one kind, or all in one queue. */
export type PauseTarget<Input = never> =
  | {
      /** The kind, or its name. */
      readonly job: Job<Input, unknown> | string
      readonly queue?: undefined
    }
  | {
      /** The name of the queue. */
      readonly queue: string
      readonly job?: undefined
    }

const TARGET_OPTIONS = ['job', 'queue']

/** Changes the row of a kind or a queue. @returns whether there was something to change */
export async function changeTarget<Input, DB>(
  db: Queryable<DB>,
  operation: string,
  target: PauseTarget<Input>,
  options: IoOptions,
  statement: (target: string) => RawBuilder<unknown>,
): Promise<boolean> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, operation)
  if (typeof target !== 'object' || target === null) {
    throw expected(`the target of ${operation} to be { job } or { queue }`, target)
  }
  expectOptions(target, TARGET_OPTIONS, `${operation}.target`)
  const { job, queue } = target
  if ((job === undefined) === (queue === undefined)) {
    throw new TypeError(
      `Expected the target of ${operation} to have either a job or a queue, got ${job === undefined ? 'neither' : 'both'}`,
    )
  }
  const what = job === undefined ? 'queue' : 'job'
  const name = typeof job === 'object' && job !== null ? job.name : (job ?? queue)
  expectName(what, name)
  const found = await execute(
    db,
    { operation, effect: 'idempotent' },
    statement(pauseOf(what, name)),
    options,
  )
  return found.length > 0
}
