import type { IoOptions } from '@yuzuru/concurrency'
import { expectInteger } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { CHANNEL, SIGNALS } from '../database/channel.ts'
import { changeTarget, type PauseTarget } from './change-target.ts'

/**
 * Sets how many jobs of a kind or a queue run at once, on all machines together, while workers run: through restarts and
 * deployments, and until it is set anew. No worker runs more than its own `concurrency` for that. It takes any kind and any queue; it need not
 * exist yet.
 *
 * What was taken before goes on and counts, so that with a smaller number none begins until enough have ended. A worker begins to keep
 * to a first number at once, and to take jobs within it at its next look, at most `pollMs` later. A place that another
 * machine gives back is found at the next look, too. A pause is a thing of its own: `resumeQueue` goes back to the number.
 * In a transaction it holds from its commit on; until that ends, none begins where there was a number before.
 *
 * In contrast to the `limits` of a kind it knows no tenants, keys or rates, and costs a job nothing until there is a number. Where a
 * kind has limits both hold.
 *
 * @param target `{ job }`, a kind or its name; or `{ queue }`. Where its kind and its queue have a number, a job needs a
 * place of each
 * @param concurrency an integer from 1 to 100,000; `undefined` for no number any more. To let none begin, use `pauseQueue`
 * @returns whether that was not so before
 * @throws {TypeError} unless `target` has either a `job` or a `queue`, or when `concurrency` is out of its range
 * @throws {JobError | DbError} when the database fails
 * @example
 * await scaleQueue(db, { queue: 'mail' }, 5)
 */
export async function scaleQueue<Input, DB>(
  db: Queryable<DB>,
  target: PauseTarget<Input>,
  concurrency: number | undefined,
  options: IoOptions = {},
): Promise<boolean> {
  if (concurrency !== undefined) expectInteger('concurrency', concurrency, 1, 100_000)
  return await changeTarget(db, 'scaleQueue', target, options, (scaled) => {
    const notified = sql`pg_notify(${CHANNEL}::text, ${SIGNALS}::text)::text as notified`
    if (concurrency !== undefined) {
      return sql`insert into yuzuru_job_pauses as pause (target, paused_at, places)
        values (${scaled}, null, ${concurrency}::integer)
        on conflict (target) do update set places = excluded.places,
          -- Under a pause alone nothing was counted.
          counted = pause.counted and pause.places is not null
          where pause.places is distinct from excluded.places
        returning target, ${notified}`
    }
    return sql`
      with gone as (
        delete from yuzuru_job_pauses where target = ${scaled} and paused_at is null returning target
      ), kept as (
        update yuzuru_job_pauses set places = null, counted = false
        where target = ${scaled} and paused_at is not null and places is not null returning target
      )
      select target, ${notified} from (select target from gone union all select target from kept) as scaled`
  })
}
