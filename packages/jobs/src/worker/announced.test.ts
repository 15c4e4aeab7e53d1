import { createDatabase, type Database, listen, transaction } from '@yuzuru/db'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { CHANNEL } from '../database/channel.ts'
import { defineJob } from '../job/define-job.ts'
import { Announcer, QUIET_MS } from '../queue/announcer.ts'
import { enqueue } from '../queue/enqueue.ts'

/** A job, and a promise for each of its runs. */
function counted() {
  const waiting: (() => void)[] = []
  let runs = 0
  const job = defineJob<object>({
    name: 'prompt',
    run: async () => {
      runs += 1
      for (const wake of waiting.splice(0)) wake()
    },
  })
  const ran = async (times: number): Promise<void> => {
    if (runs >= times) return
    await new Promise<void>((resolve) => waiting.push(resolve))
    await ran(times)
  }
  return { job, ran }
}

/** Where a worker of `@yuzuru/db` listens: no poll would come in time. */
const options = { pollMs: 600_000 }

describe('work is announced', () => {
  test('to a worker that was given nothing but a database', async () => {
    const { url, name } = await queue()
    await using db = createDatabase<object>({ url })
    const { job, ran } = counted()
    await withWorker(db, { ...options, jobs: [job] }, async () => {
      await expect.poll(() => listeners(db, name), { timeout: 60_000 }).toHaveLength(1)
      await enqueue(db, job, {})
      await ran(1)
      await transaction(db, (tx) => enqueue(tx, job, {}))
      await ran(2)
      // Soon after one that announced itself: announced together, after the commit.
      await Promise.all([
        enqueue(db, job, {}),
        enqueue(db, job, {}),
        transaction(db, (tx) => enqueue(tx, job, {})),
        transaction(db, (tx) => enqueue(tx, job, {})),
      ])
      await ran(6)
    })
  })

  test('also when the connection that listens was lost meanwhile', async () => {
    const { url, name } = await queue()
    await using db = createDatabase<object>({ url })
    const { job, ran } = counted()
    await withWorker(db, { ...options, jobs: [job] }, async () => {
      await expect.poll(() => listeners(db, name), { timeout: 60_000 }).toHaveLength(1)
      await transaction(db, async (tx) => {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = ${name} and query like 'listen %'`.execute(tx)
        await enqueue(tx, job, {})
      })
      await ran(1)
    })
  })

  test('once in ten milliseconds at the most, however much there is', async () => {
    const { db: admin, url } = await queue()
    await using db = createDatabase<object>({ url })
    const { job } = counted()
    const listening = Promise.withResolvers<void>()
    const hearing = (async () => {
      let heard = 0
      for await (const { payload } of listen(db, CHANNEL, { onListening: listening.resolve })) {
        if (payload === 'last') break
        heard += 1
      }
      return heard
    })()
    await listening.promise
    const startedAt = performance.now()
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          n % 2 === 0 ? enqueue(db, job, {}) : transaction(db, (tx) => enqueue(tx, job, {})),
        ),
      )
    }
    const most = Math.ceil((performance.now() - startedAt) / QUIET_MS) + 1
    // What is heard before it was notified before it.
    await sql`select pg_notify(${CHANNEL}, 'last')`.execute(admin)
    const heard = await hearing
    expect(heard).toBeGreaterThan(0)
    expect(heard).toBeLessThanOrEqual(most)
  })

  test('in vain to a worker that can hear nothing, which looks often after there was work', async () => {
    const { db } = await queue()
    let runs = 0
    const ran = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'chain',
      run: async () => {
        runs += 1
        if (runs === 10) ran.resolve()
        else await enqueue(db, job, {})
      },
    })
    await enqueue(db, job, {})
    // Ten in a row, each found by a poll: one a day would be too seldom.
    await withWorker(db, { jobs: [job], pollMs: 86_400_000 }, () => ran.promise)
  })

  test('by the first statement, and not by those that follow at once', () => {
    const announcer = new Announcer()
    expect([announcer.takeTurn(), announcer.takeTurn(), announcer.takeTurn()]).toEqual([
      true,
      false,
      false,
    ])
  })
})

async function listeners(db: Database<object>, name: string): Promise<unknown[]> {
  const { rows } = await sql`select pid from pg_stat_activity
    where application_name = ${name} and query like 'listen %'`.execute(db)
  return rows
}
