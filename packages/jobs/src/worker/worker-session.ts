import {
  type CancelScope,
  currentClock,
  moveOnAfter,
  taskGroup,
  type TaskGroup,
  withTimeout,
} from '@yuzuru/concurrency'
import { beside, type Database } from '@yuzuru/db'
import type { Kysely, QueryExecutorProvider } from 'kysely'
import { CronKeeper } from '../cron/cron-keeper.ts'
import { Crews, placesOf } from './crews.ts'
import { IsolatedRunner } from './isolated-runner.ts'
import { listenFor, listenOn } from './listening.ts'
import { ProgressKeeper } from './progress-keeper.ts'
import { reportOf } from './report.ts'
import { Roster } from './roster.ts'
import { Settler } from './settler.ts'
import { Supply } from './supply.ts'
import { VacuumKeeper } from './vacuum-keeper.ts'
import { cronEvents, emitter, eventOf, type WorkerEvent } from './worker-event.ts'
import { writeEvent } from './worker-log.ts'
import type { WorkerSettings } from './worker-options.ts'

/*
 * One job's way through a session, and where each step is:
 *
 * 1. `supply.ts` takes jobs, many in a statement, under the lease of the worker's row (`roster.ts`), as soon
 *    as what waits here has fallen to a low-water mark (`prefetch.ts`).
 * 2. `crew.ts` has so many runners; each takes one job after the other and runs its handler (`attempt.ts`). Handlers in
 *    threads and processes have crews of their own (`crews.ts`), for each of which jobs are taken apart (`intake.ts`).
 * 3. What came of it (`verdict.ts`) goes to `settler.ts`, which writes down all that has ended meanwhile in a
 *    statement. Only then is the job out of the worker's hands, and its event emitted.
 *
 * Steps 1 and 3 never share a statement or a connection: a claim and a settlement in one statement lock rows in
 * two orders, and deadlock. Beside them, tasks extend the lease, watch it, and listen for notifications.
 *
 * `stop()` comes with the cancel of the scope around `run()`, or when `runUntilIdle()` finds nothing more. No more
 * is taken, and what waits goes back. What runs may go on for `drainMs`; then its handlers are cancelled, and
 * their jobs go back with their attempts. All of this has until `stopMs`. Nothing outlives the session but a
 * handler that was cancelled and does not end: docs/semantics.md, rules 8 and 9.
 */

/** How many connections the worker's own statements take: claims, settlements, heartbeats, and one to spare. */
const POOL = { connections: 4 } as const

/** Those of a vacuum, and of the look whether somebody waits for it. Not one of the others: a vacuum holds it for long. */
const VACUUM_POOL = { connections: 2 } as const

/** How long what is cut at the end of `stopMs` may take to end, in milliseconds. */
const CUT_MS = 1_000

const SHUTDOWN = 'the worker is shutting down; the job goes back into the queue'

/** Through what a session reaches the database. */
interface Ways {
  readonly db: Kysely<unknown>
  /** The same, where it is the worker's own. */
  readonly own: Database<unknown> | undefined
  /** For vacuums, where there can be such connections. */
  readonly aside: Database<unknown> | undefined
}

/** One run of a worker, from its first claim to the end of its last handler. */
export class WorkerSession {
  readonly #db: QueryExecutorProvider
  readonly #name: string
  readonly #settings: WorkerSettings
  readonly #untilIdle: boolean
  readonly #isolation: IsolatedRunner
  readonly #stopAsked = Promise.withResolvers<void>()
  #failure: { readonly error: unknown } | undefined = undefined

  constructor(
    db: QueryExecutorProvider,
    name: string,
    settings: WorkerSettings,
    untilIdle: boolean,
  ) {
    this.#db = db
    this.#name = name
    this.#settings = settings
    this.#untilIdle = untilIdle
    this.#isolation = new IsolatedRunner(settings)
  }

  /** Takes no more jobs. */
  stop(): void {
    this.#stopAsked.resolve()
  }

  async work(): Promise<void> {
    const { engine } = this.#settings
    const own = engine === undefined ? beside<unknown>(this.#db, POOL) : undefined
    const db = (own ?? engine ?? this.#db) as Kysely<unknown>
    const aside = beside<unknown>(db, VACUUM_POOL)
    const close = async (drainMs: number): Promise<void> => {
      await Promise.all([own, aside].map(async (each) => await each?.close({ drainMs })))
    }
    let isCut = false
    let timer: { cancel(): void } | undefined = undefined
    const body = async (scope: CancelScope): Promise<void> => {
      const cut = (): void => {
        isCut = true
        // First: what is cancelled would wait for a server that does not answer.
        close(0).catch(() => undefined)
        scope.cancel('the worker did not stop in time')
      }
      const onStop = (): void => {
        timer = currentClock().schedule(Math.max(0, this.#settings.stopMs - CUT_MS), cut)
      }
      try {
        await taskGroup((group) => this.#work(group, { db, own, aside }, onStop), {
          name: 'worker',
        })
      } finally {
        timer?.cancel()
      }
    }
    try {
      await this.#isolation.open()
      await withTimeout(Infinity, body, { name: 'worker', graceMs: CUT_MS })
    } catch (error) {
      if (!isCut) throw error
    } finally {
      await this.#isolation.close()
      await close(CUT_MS)
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #work(group: TaskGroup, { db, own, aside }: Ways, onStop: () => void): Promise<void> {
    const { onEvent, log, leaseMs, heartbeatMs } = this.#settings
    const places = placesOf(this.#settings)
    const write = log && ((event: WorkerEvent): unknown => writeEvent(log, event))
    const emit = emitter({ onEvent, log: write })
    const report = (): string => reportOf(this.#settings, crews, roster.held())
    const roster = new Roster(db, { name: this.#name, leaseMs, heartbeatMs, report }, emit)
    const onSettled = (againMs: number, hasSignals: boolean): void =>
      supply.settled(againMs, hasSignals)
    const progress = new ProgressKeeper(db)
    const vacuums = new VacuumKeeper({
      db: aside ?? db,
      onError: (error) => emit({ type: 'error', operation: 'vacuum', error }),
    })
    const settler = new Settler(db, leaseMs, { emit, onSettled, progress })
    const crews = new Crews(group, places, {
      run: async (attempt) => {
        const result = await attempt.run(emit)
        const isLost = result.stopped === 'lost' && result.settlement.to !== 'completed'
        if (!isLost) settler.add(attempt, result)
        else {
          attempt.incarnation.settled(attempt, false)
          emit(eventOf(attempt, result, undefined))
        }
      },
      onFree: (attempt) => {
        vacuums.ended()
        supply.eased(attempt)
      },
      onLeft: (attempt) => settler.add(attempt, attempt.givenBack(SHUTDOWN)),
    })
    const supply = new Supply({
      db,
      attempts: {
        db: this.#db,
        say: (lease, value) => progress.say(lease, value),
        isolation: this.#isolation,
      },
      settings: this.#settings,
      roster,
      crews,
      emit,
      unsettled: () => settler.size,
      untilIdle: this.#untilIdle,
    })
    const tasks = [
      group.spawn(() => roster.keep(), { name: 'heartbeat' }),
      // Beside the heartbeats, because one that hangs is just what this is for.
      group.spawn(() => roster.watch(), { name: 'lease watch' }),
      group.spawn(() => settler.keep(), { name: 'settle' }),
      group.spawn(() => progress.keep(), { name: 'progress' }),
      group.spawn(() => this.#listen(supply, own, emit), { name: 'listen' }),
    ]
    // Without connections of its own it would keep one from handlers or heartbeats; and on most it can't be cancelled.
    const vacuuming =
      aside === undefined ? undefined : group.spawn(() => vacuums.keep(), { name: 'vacuum' })
    const crons = this.#cronKeeper(db, emit)
    // It may have nothing else to do, and end, before a task of its own has looked.
    if (this.#untilIdle) await crons?.look()
    const keeping =
      crons === undefined ? undefined : group.spawn(() => crons.keep(), { name: 'cron' })
    const supplying = supply.run().catch((error: unknown) => {
      // Handlers that run already get their time to end all the same.
      this.#failure = { error }
    })
    await Promise.race([supplying, this.#stopAsked.promise])
    onStop()
    keeping?.cancel('the worker is shutting down')
    vacuuming?.cancel('the worker is shutting down')
    supply.stop()
    await this.#drain(crews, roster)
    await supplying
    await settler.empty()
    await roster.end()
    for (const task of tasks) task.cancel('the worker has ended')
  }

  #cronKeeper(db: Kysely<unknown>, emit: (event: WorkerEvent) => void): CronKeeper | undefined {
    const { crons, leaseMs } = this.#settings
    if (crons.length === 0) return undefined
    return new CronKeeper({
      db,
      crons,
      timeoutMs: leaseMs,
      onFired: (fired) => cronEvents(fired).forEach(emit),
      onError: (error) => emit({ type: 'error', operation: 'cron', error }),
    })
  }

  /** What waits goes back at once; what runs when its time is over. */
  async #drain(crews: Crews, roster: Roster): Promise<void> {
    crews.close()
    await moveOnAfter(this.#settings.drainMs, () => crews.idle())
    roster.stopAll(SHUTDOWN)
    await crews.idle()
  }

  async #listen(
    supply: Supply,
    own: Database<unknown> | undefined,
    emit: (event: WorkerEvent) => void,
  ): Promise<void> {
    const { listen, pollMs } = this.#settings
    if (listen !== undefined) await listenFor(listen, supply, pollMs, emit)
    else if (own !== undefined) await listenOn(own, supply, pollMs, emit)
  }
}
