import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import type { Database } from '../src/database.ts'

/** For tests: what a hammering came to. */
export interface Hammered {
  /** How many statements were cancelled. */
  readonly cancels: number
  /** What befell others: nothing, if no cancel strays. */
  readonly failures: readonly unknown[]
}

/**
 * Cancels statements at moments spread over their life, one worker more than the pool has connections,
 * while as many others run that nobody cancels: a cancel that strays hits one of those.
 */
export async function hammer(db: Database<object>, turns: number, workers = 4): Promise<Hammered> {
  const failures: unknown[] = []
  let cancels = 0
  const cancelled = async (worker: number): Promise<void> => {
    for (let turn = 0; turn < turns / workers; turn += 1) {
      const delayMs = ((turn * 37 + worker * 11) % 60) / 10
      try {
        await withTimeout(delayMs, () => sql`select pg_sleep(0.003)`.execute(db))
      } catch (error) {
        if (TimeoutError.isInstance(error)) cancels += 1
        else failures.push(error)
      }
    }
  }
  const load = { on: true }
  const bystander = async (worker: number): Promise<void> => {
    for (let turn = 0; load.on; turn += 1) {
      try {
        const sent = `${worker}/${turn}`
        const { rows } = await sql<{ got: string }>`
          select pg_sleep(0.001), ${sent}::text as got`.execute(db)
        if (rows[0]?.got !== sent) failures.push(new Error('the answer of another query'))
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const all = Array.from({ length: workers }, (_, worker) => worker)
  const bystanders = all.map((worker) => bystander(worker + workers))
  await Promise.all(all.map((worker) => cancelled(worker)))
  load.on = false
  await Promise.all(bystanders)
  return { cancels, failures }
}
