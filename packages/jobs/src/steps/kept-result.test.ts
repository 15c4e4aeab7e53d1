import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { formatTaskTree } from '@yuzuru/concurrency/inspect'
import { createDatabase } from '@yuzuru/db'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { stepping } from '../../test/stepping.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from '../worker/worker.ts'

/** What a query that fails says: the server's whole answer is in its `cause`. */
const REFUSING = sql`
  create function refuse() returns trigger language plpgsql as $$ begin
    raise exception 'refused' using errcode = '23514';
  end $$`

test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
  'a step that was done and can’t be kept has the outcome unknown, and shows its result nowhere, on %s',
  async (kind) => {
    const { db: plain, url } = await queue()
    await using ours = createDatabase<TestSchema>({ url })
    const db = kind === 'a plain Kysely' ? plain : ours
    await REFUSING.execute(plain)
    await sql`create trigger refuse before insert on yuzuru_job_steps
      for each row execute function refuse()`.execute(plain)
    const seen: unknown[] = []
    const note = (message: unknown): void => void seen.push(inspect(message, { depth: 20 }))
    const channels = ['start', 'end', 'asyncEnd', 'error'].map((of) => `tracing:yuzuru:io:${of}`)
    for (const channel of channels) subscribe(channel, note)
    onTestFinished(() => {
      for (const channel of channels) unsubscribe(channel, note)
    })
    const job = stepping(async ({ step }) => {
      const kept = step('token', () => ({ card: '4242-4242' }))
      note(formatTaskTree())
      await kept.catch((error: unknown) => {
        note(error)
        throw error
      })
    }, 1)
    const { id } = await enqueue(db, job, {})
    const worker = createWorker(db, { jobs: [job], onEvent: note })
    await worker.runUntilIdle()
    const record = await getJob(db, id)
    note(record)
    expect(record).toMatchObject({ state: 'failed', lastError: { outcome: 'unknown' } })
    expect(seen.length).toBeGreaterThan(4)
    expect(seen.join('\n')).not.toContain('4242-4242')
  },
)
