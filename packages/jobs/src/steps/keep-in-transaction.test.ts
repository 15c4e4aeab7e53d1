import { io } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { startFaultProxy } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { counter, stepping, withEffects } from '../../test/stepping.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from '../worker/worker.ts'

describe('a step whose COMMIT is in doubt', () => {
  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'is not run again where it was committed, on %s',
    async (kind) => {
      const { db, url } = await withEffects()
      const { hostname: host, port } = new URL(url)
      await using proxy = await startFaultProxy({ target: { host, port: Number(port) } })
      const faulty = kind === 'a plain Kysely' ? openKysely(proxy.url(url), 2) : undefined
      await using ours = createDatabase<TestSchema>({ url: proxy.url(url), cancelTimeoutMs: 200 })
      const { calls, of } = counter()
      proxy.set({ dropReply: { when: 'commit', times: 1 } })
      const job = stepping(async ({ step, jobId }) => {
        const value = await step('effect', faulty ?? ours, async (tx) => {
          await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
          return of('effect', 'value')
        })
        expect(value).toBe('value')
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      await faulty?.destroy()
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
      expect(calls).toEqual({ effect: 1 })
      expect(await db.selectFrom('effects').selectAll().execute()).toHaveLength(1)
    },
  )

  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'is run again in the same attempt where it was not, on %s',
    async (kind) => {
      const { db, url } = await withEffects()
      // The first commit ends its own connection before it takes effect.
      await sql`create sequence commits`.execute(db)
      await sql`create function end_first() returns trigger language plpgsql as $$ begin
        if nextval('commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
        return null;
      end $$`.execute(db)
      await sql`create constraint trigger end_first after insert on effects
        deferrable initially deferred for each row execute function end_first()`.execute(db)
      await using ours = createDatabase<TestSchema>({ url, cancelTimeoutMs: 200 })
      const { calls, of } = counter()
      const job = stepping(async ({ step, jobId }) => {
        await step('effect', kind === 'a plain Kysely' ? db : ours, async (tx) => {
          of('effect', 1)
          await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
        })
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
      expect(calls).toEqual({ effect: 2 })
      expect(await db.selectFrom('effects').selectAll().execute()).toHaveLength(1)
    },
  )

  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'is not run again in the same attempt after an effect beside it, on %s',
    async (kind) => {
      const { db, url } = await withEffects()
      await sql`create function end_it() returns trigger language plpgsql as $$ begin
        perform pg_terminate_backend(pg_backend_pid()); return null; end $$`.execute(db)
      await sql`create constraint trigger end_it after insert on effects
        deferrable initially deferred for each row execute function end_it()`.execute(db)
      await using ours = createDatabase<TestSchema>({ url, cancelTimeoutMs: 200 })
      let charges = 0
      const failures: unknown[] = []
      const job = stepping(async ({ step, jobId }) => {
        // What is caught here is of the first attempt; the second one has nothing to do.
        if (failures.length > 0) return
        await step('effect', kind === 'a plain Kysely' ? db : ours, async (tx) => {
          await io({ boundary: 'pay', operation: 'charge', effect: 'write' }, {}, () => {
            charges += 1
          })
          await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
        }).catch((error: unknown) => {
          failures.push(error)
          throw error
        })
      })
      await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(charges).toBe(1)
      expect(failures).toHaveLength(1)
      expect(await db.selectFrom('effects').selectAll().execute()).toHaveLength(0)
    },
  )
})
