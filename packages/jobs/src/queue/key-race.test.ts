import { once } from 'node:events'
import { sleep, taskGroup } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { CALLS, CHANGES, CONFLICTS, keyed, KEYS } from '../../test/keyed.ts'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { createWorker } from '../worker/worker.ts'

/** In which of its calls each client kills itself: one in a call of each kind; -1 for never. */
const DEATHS = [8, 13, 22, 31, -1, -1, -1, -1]
const KILLED = DEATHS.filter((diesAt) => diesAt >= 0).length

interface Change {
  readonly kind: string
  readonly key: number
  readonly change: number
  readonly jobId: string
  readonly created: boolean
  /** Whether another call for its key began after its own transaction had committed. */
  readonly isFollowed: boolean
}

test('eight racing processes, of which four are killed, and three workers keep what skip, replace, debounce and again promise of a key', async () => {
  const { db, url } = await queue()
  await sql.raw(CHANGES).execute(db)
  const running = new Set<string>()
  /** Which changes a job has seen. */
  const seen = new Map<string, readonly number[]>()
  /** Which change the last run of a key was of. */
  const last = new Map<string, number>()
  const faults: string[] = []
  const jobs = keyed(async (kind, { key, change }, { jobId, attempt }) => {
    const place = `${kind} ${key}`
    if (running.has(place)) faults.push(`two jobs of ${place} at once`)
    running.add(place)
    try {
      const found = await lookAt(db, kind, key)
      // One that waits beside the one that runs; of `skip` there is none.
      const most = kind === 'skip' ? 1 : 2
      if (found.unfinished > most) faults.push(`${found.unfinished} jobs of ${place}`)
      await sleep(0)
      if (attempt === 1 && change % 5 === 0) throw new Error('once more')
      seen.set(jobId, found.changes)
      last.set(place, change)
    } finally {
      running.delete(place)
    }
  })
  await taskGroup(async (group) => {
    const workers = Array.from({ length: 3 }, () => {
      const own = openKysely(url, 8)
      onTestFinished(() => own.destroy())
      return group.spawn(() => createWorker(own, { jobs, pollMs: 10 }).run())
    })
    const clients = DEATHS.map((diesAt, from) =>
      startProgram('key-process.ts', url, `${from}`, `${diesAt}`),
    )
    const ends = await Promise.all(clients.map((client) => once(client, 'exit')))
    expect(ends.map(([code, signal]) => (signal as string | null) ?? code)).toEqual(
      DEATHS.map((diesAt) => (diesAt >= 0 ? 'SIGKILL' : 0)),
    )
    await expect
      .poll(async () => (await sql`select from yuzuru_jobs`.execute(db)).rows.length, {
        timeout: 60_000,
      })
      .toBe(0)
    for (const worker of workers) worker.cancel('the test is over')
  })
  expect(faults).toEqual([])
  const { rows: changes } = await sql<Change>`
    select kind, key, change, job_id as "jobId", created, exists (select from changes as later
      where later.kind = made.kind and later.key = made.key
        and pg_visible_in_snapshot(made.by, later.before)) as "isFollowed"
    from changes as made`.execute(db)
  const { rows: ended } = await sql<{ id: string; name: string; state: string }>`
    select id, name, state from yuzuru_job_history`.execute(db)
  const survivors = (DEATHS.length - KILLED) * CALLS * CONFLICTS.length
  expect(changes.length).toBeGreaterThanOrEqual((survivors * 5) / 6)
  // Each job is that of one call that committed, and each call got one that there was.
  const made = changes.filter(({ created }) => created).map(({ jobId }) => jobId)
  expect(made.toSorted()).toEqual(ended.map(({ id }) => id).toSorted())
  expect(changes.filter(({ jobId }) => !made.includes(jobId))).toEqual([])
  // Of `skip`, what a call got may have run already.
  const sees = changes.filter(({ kind, created }) => kind !== 'skip' || created)
  const cancelled = new Set(ended.filter(({ state }) => state === 'cancelled').map(({ id }) => id))
  const seenByAny = new Set([...seen.values()].flat())
  const isSeen = ({ change, jobId }: Change): boolean =>
    cancelled.has(jobId) ? seenByAny.has(change) : seen.get(jobId)?.includes(change) === true
  expect(sees.filter((change) => !isSeen(change))).toEqual([])
  for (const kind of ['replace', 'debounce']) {
    for (let key = 0; key < KEYS; key += 1) {
      const change = last.get(`${kind} ${key}`)
      expect(changes.find((each) => each.change === change)?.isFollowed).toBe(false)
    }
  }
  // What was begun and is replaced is cancelled.
  const odd = ended.filter(({ name, state }) => {
    const may = name === 'skip' || name === 'again' ? ['completed'] : ['completed', 'cancelled']
    return !may.includes(state)
  })
  expect(odd).toEqual([])
})

/** How many unfinished jobs a key has, and the changes of it that are there. */
async function lookAt(
  db: Kysely<TestSchema>,
  kind: string,
  key: number,
): Promise<{ readonly unfinished: number; readonly changes: readonly number[] }> {
  const { rows } = await sql<{ unfinished: number; changes: number[] }>`
    select (select count(*) from yuzuru_jobs where name = ${kind}
        and coalesce(unique_key, serial_key) = ${`${key}`})::integer as unfinished,
      array(select change from changes where kind = ${kind} and key = ${key}) as changes`.execute(
    db,
  )
  return rows[0] ?? { unfinished: 0, changes: [] }
}
