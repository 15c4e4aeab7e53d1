import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { currentSignal, throwIfCancelled, shield } from '@yuzuru/concurrency'
import { inBackground } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { expectDatabase } from '../database/execute.ts'
import { type WorkerOptions, settingsOf } from './worker-options.ts'
import { WorkerSession } from './worker-session.ts'

/** Takes jobs from the queue and runs them. Made by {@link createWorker}. */
export interface Worker {
  /** Shown in the rows of the jobs that it runs. */
  readonly id: string
  /**
   * Works until the scope around it is cancelled. Then it takes no more; what runs may go on for
   * `drainMs`, is then cancelled and returned to the queue with its attempt given back.
   *
   * @throws {Cancelled} when all of that has ended
   * @throws {JobError | DbError} when its first look at the queue fails for good (no such table, say)
   */
  run(): Promise<void>
  /**
   * Works until nothing is due and nothing runs, for tests and for programs that a timer starts. Jobs
   * for later are left. What another transaction has locked is tried again for 0.6 s, and then left.
   *
   * @throws as {@link Worker.run} does
   */
  runUntilIdle(): Promise<void>
}

/**
 * Makes a worker. It does nothing until `run` or `runUntilIdle` is called, and then works until the scope
 * around that call is cancelled: within `run(main)` by SIGTERM, elsewhere by whatever ends the scope. Start it
 * in a scope of its own, in the web process or another; any number of workers may share a queue.
 *
 * It holds no connection and no transaction while handlers run, but it needs about two connections beside
 * theirs. It is not for work that blocks the event loop for longer than `leaseMs`: the leases of all that
 * runs beside it would be lost. Offload that (docs/executors.md).
 *
 * @throws {TypeError} when an option is unknown or out of its range, or `db` is a transaction: a worker
 * commits as it goes
 * @example
 * await run(async () => {
 *   await using db = createDatabase<Schema>({ url })
 *   await createWorker(db, { jobs: [remindStaff], concurrency: 20 }).run()
 * })
 */
export function createWorker<DB>(db: Queryable<DB>, options: WorkerOptions): Worker {
  expectDatabase(db)
  if ('isTransaction' in db && db.isTransaction) {
    throw new TypeError(
      'Expected db to be a Kysely, got a Transaction: a worker commits as it goes',
    )
  }
  const settings = settingsOf(options)
  const id = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`.slice(-200)
  let working = false
  const work = async (untilIdle: boolean): Promise<void> => {
    if (working) throw new TypeError('Expected the worker to be idle, got one that runs already')
    throwIfCancelled()
    const session = new WorkerSession(db, id, settings, untilIdle)
    const ambient = currentSignal()
    const stop = (): void => session.stop()
    working = true
    ambient?.addEventListener('abort', stop, { once: true })
    try {
      // The cancel must not reach the handlers before their grace has passed.
      await shield(() => inBackground(() => session.work()), { name: 'worker' })
    } finally {
      working = false
      ambient?.removeEventListener('abort', stop)
    }
    throwIfCancelled()
  }
  return { id, run: () => work(false), runUntilIdle: () => work(true) }
}
