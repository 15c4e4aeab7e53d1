/**
 * A storm over some workers: they are killed, frozen for longer than their leases, told to stop, and cut off; the
 * server is killed and started again; and their clocks are off by minutes. In between they do all jobs.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '@yuzuru/db'
import { startFaultProxy, startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { type Contender, openStorm } from './storm-contenders.ts'
import { Crew } from './storm-crew.ts'
import { EFFECTS, STORM_LEASE_MS, type StormKind, type StormSchema } from './storm-effects.ts'

export interface StormOptions {
  readonly contender: Contender
  /** How many jobs of each kind. */
  readonly jobs: number
  readonly workers: number
  /** How long a job works before its effect, and after it, in milliseconds. @default 0 */
  readonly workMs?: number
  /** How long between two blows, in milliseconds. */
  readonly pauseMs: number
  /** How many blows at the least, also when all jobs are done before. */
  readonly blows: number
  /** How many at the most: after them it is only waited for the jobs. @default no limit */
  readonly mostBlows?: number
  /** How long nothing may have become of any job before the storm ends without it, in milliseconds. @default 120_000 */
  readonly patienceMs?: number
  readonly note?: (line: string) => void
}

export interface StormResult {
  /** Jobs whose effect is there. */
  readonly done: number
  /** Jobs whose effect is missing, and that are not unfinished: whatever the queue says of them. */
  readonly lost: number
  /** Jobs of each kind whose effect came more than once. */
  readonly doubled: Readonly<Partial<Record<StormKind, number>>>
  /** Those that the queue says have failed for good. */
  readonly failed: number
  /** Those that are neither done nor failed at the end. */
  readonly unfinished: number
  /** What those failed with, and how many with each; empty where the queue does not say it. */
  readonly errors: Readonly<Record<string, number>>
  readonly seconds: number
  readonly blows: Readonly<Record<string, number>>
}

type Blow = (turn: number) => Promise<void>

export async function storm(options: StormOptions): Promise<StormResult> {
  const { contender, jobs, workers, workMs = 0, pauseMs, patienceMs = 120_000 } = options
  const { mostBlows = Infinity, note = () => undefined } = options
  await using postgres = await startPostgres({ settings: { fsync: 'on' } })
  await using db = openStorm(postgres.url)
  await sql.raw(EFFECTS).execute(db)
  await contender.fill(db, postgres.url, jobs)
  const { host, port } = postgres
  await using proxy = await startFaultProxy({ target: { host, port } })
  const { program } = contender
  const onEnded = async (names: readonly string[]): Promise<void> => {
    for (let tries = 0; tries < 100; tries += 1) {
      try {
        await contender.onEnded?.(postgres.url, names)
        return
      } catch {
        // The server is away.
        await delay(100)
      }
    }
  }
  const url = proxy.url(postgres.url)
  await using crew = new Crew({ program, url, size: workers, workMs, onEnded })

  const BLOWS: Readonly<Record<string, Blow>> = {
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
  const all = Object.entries(BLOWS)
  const blows: Record<string, number> = {}
  const startedAt = performance.now()
  let doneAt: number | undefined
  let least = Infinity
  let movedAt = startedAt
  for (let turn = 0; ; turn += 1) {
    const [name, blow] = all[turn % all.length] as [string, Blow]
    const isBlow = turn < mostBlows
    if (isBlow) {
      await blow(turn)
      blows[name] = (blows[name] ?? 0) + 1
    }
    const { unfinished } = await countsOf(db, contender)
    const now = performance.now()
    if (unfinished < least) [least, movedAt] = [unfinished, now]
    if (unfinished === 0) doneAt ??= now
    if (isBlow) note(`${name}; ${unfinished} jobs left`)
    const isOver = unfinished === 0 || now - movedAt > patienceMs
    if (turn + 1 >= options.blows && isOver) break
    await delay(pauseMs)
  }
  const seconds = Math.round(((doneAt ?? performance.now()) - startedAt) / 1_000)
  return { ...(await judge(db, contender, jobs)), seconds, blows }
}

/** An unknown number, while the server is away, counts for as many as there may be. */
async function countsOf(
  db: Database<StormSchema>,
  { counts }: Contender,
): Promise<{ readonly unfinished: number; readonly failed: number }> {
  try {
    const { rows } = await counts.execute(db)
    return rows[0] ?? { unfinished: Infinity, failed: 0 }
  } catch {
    return { unfinished: Infinity, failed: 0 }
  }
}

async function judge(
  db: Database<StormSchema>,
  contender: Contender,
  jobs: number,
): Promise<Omit<StormResult, 'blows' | 'seconds'>> {
  const { rows } = await sql<{ kind: StormKind; done: number; doubled: number }>`
    select kind, count(*)::float8 as done, (count(*) filter (where times > 1))::float8 as doubled
    from (select kind, n, count(*) as times from effects group by kind, n) as effect
    group by kind`.execute(db)
  const done = rows.reduce((sum, row) => sum + row.done, 0)
  const { rows: later } = await sql`select from (${contender.left}) as unfinished
    where not exists (select from effects where kind = unfinished.kind and n = unfinished.n)`.execute(
    db,
  )
  const errors = (await contender.errors?.execute(db))?.rows ?? []
  const of = (kind: StormKind): number => rows.find((row) => row.kind === kind)?.doubled ?? 0
  return {
    ...(await countsOf(db, contender)),
    done,
    errors: Object.fromEntries(errors.map(({ error, times }) => [error, times])),
    lost: contender.kinds.length * jobs - done - later.length,
    doubled: Object.fromEntries(contender.kinds.map((kind) => [kind, of(kind)])),
  }
}
