/**
 * A storm over some workers: they are killed, frozen for longer than their leases, told to stop, and cut off; the
 * server is killed and started again; and their clocks are off by minutes. In between they do all jobs.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase, migrate } from '@yuzuru/db'
import { startFaultProxy, startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { jobsMigrations } from '../src/database/migrations.ts'
import { enqueueMany } from '../src/queue/enqueue.ts'
import { jobStats, type JobStats } from '../src/queue/job-stats.ts'
import { STORM_LEASE_MS, stormJobs, type StormSchema } from './storm-jobs.ts'

export interface StormOptions {
  /** How many jobs of each of the three kinds. */
  readonly jobs: number
  readonly workers: number
  /** How long between two blows, in milliseconds. */
  readonly pauseMs: number
  /** How many blows at the least, also when all jobs are done before. */
  readonly blows: number
  readonly note?: (line: string) => void
}

export interface StormResult {
  readonly stats: JobStats
  /** Jobs whose effect is missing. */
  readonly lost: number
  /** Plain jobs whose effect came more than once: at least once is what is promised. */
  readonly plainAgain: number
  /** Transactional ones: never. */
  readonly transactionalAgain: number
  /** Those whose effect is in a step with a tx: never. */
  readonly steppedAgain: number
  readonly blows: Readonly<Record<string, number>>
}

const SKEWS = [0, 300_000, -300_000]

export async function storm(options: StormOptions): Promise<StormResult> {
  const { jobs, workers, pauseMs, note = () => undefined } = options
  await using postgres = await startPostgres({ settings: { fsync: 'on' } })
  await using db = createDatabase<StormSchema>({ url: postgres.url })
  await migrate(db, [jobsMigrations])
  await sql`create table effects (job_id uuid not null)`.execute(db)
  const noop = async (): Promise<void> => undefined
  const kinds = stormJobs({ plain: noop, transactional: noop, stepped: noop })
  const payloads = Array.from({ length: jobs }, (_, n) => ({ n }))
  await enqueueMany(db, kinds.plain, payloads)
  await enqueueMany(db, kinds.transactional, payloads)
  await enqueueMany(db, kinds.stepped, payloads)
  const { host, port } = postgres
  await using proxy = await startFaultProxy({ target: { host, port } })
  await using crew = new Crew(proxy.url(postgres.url), workers)

  const BLOWS: Readonly<Record<string, (turn: number) => Promise<void>>> = {
    'a worker is killed': (turn) => crew.end(turn, 'SIGKILL'),
    'a worker is frozen for longer than its lease': async (turn) => {
      const child = crew.at(turn)
      child.kill('SIGSTOP')
      await delay(STORM_LEASE_MS * 2)
      child.kill('SIGCONT')
    },
    'all connections are reset': async () => {
      proxy.set({ resetAfterBytes: { toServer: 0 } })
      await delay(100)
      proxy.clear()
    },
    'a worker is told to stop': (turn) => crew.end(turn, 'SIGTERM'),
    'nothing passes any more, and no connection ends': async () => {
      proxy.set({ halfOpen: true })
      await delay(STORM_LEASE_MS * 2)
      proxy.clear()
    },
    'the server is killed': async () => {
      await postgres.kill()
      await delay(100)
      await postgres.restart()
    },
  }
  const blows: Record<string, number> = {}
  const unfinished = async (): Promise<number> => {
    const stats = await jobStats(db).catch(() => undefined)
    return stats === undefined ? Infinity : stats.waiting + stats.running
  }
  for (let turn = 0; turn < options.blows || (await unfinished()) > 0; turn += 1) {
    const [name, blow] = Object.entries(BLOWS)[turn % Object.keys(BLOWS).length] as [
      string,
      (turn: number) => Promise<void>,
    ]
    await blow(turn)
    blows[name] = (blows[name] ?? 0) + 1
    note(`${name}; ${await unfinished()} jobs left`)
    await delay(pauseMs)
  }
  return { ...(await judge()), blows }

  async function judge(): Promise<Omit<StormResult, 'blows'>> {
    const { rows } = await sql<{ name: string; lost: number; again: number }>`
      select name, (count(*) filter (where times is null))::float8 as lost,
        (count(*) filter (where times > 1))::float8 as again
      from (select id, name from yuzuru_job_history union all select id, name from yuzuru_jobs) as job
      left join (select job_id as id, count(*) as times from effects group by job_id) as effect
        using (id)
      group by name`.execute(db)
    const of = (name: string) => rows.find((row) => row.name === name)
    return {
      stats: await jobStats(db),
      lost: rows.reduce((sum, { lost }) => sum + lost, 0),
      plainAgain: of('plain')?.again ?? 0,
      transactionalAgain: of('transactional')?.again ?? 0,
      steppedAgain: of('stepped')?.again ?? 0,
    }
  }
}

/** The workers' processes. One that has ended is replaced. */
class Crew implements AsyncDisposable {
  readonly #url: string
  readonly #children: ChildProcess[]
  #made = 0

  constructor(url: string, size: number) {
    this.#url = url
    this.#children = Array.from({ length: size }, () => this.#start())
  }

  #start(): ChildProcess {
    const skew = SKEWS[this.#made % SKEWS.length] ?? 0
    this.#made += 1
    const program = new URL('storm-process.ts', import.meta.url)
    return fork(program, [this.#url, `${skew}`], { stdio: 'ignore' })
  }

  at(turn: number): ChildProcess {
    const at = turn % this.#children.length
    let child = this.#children[at] as ChildProcess
    if (child.exitCode !== null || child.signalCode !== null) {
      child = this.#start()
      this.#children[at] = child
    }
    return child
  }

  async end(turn: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.at(turn)
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    this.at(turn)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}
