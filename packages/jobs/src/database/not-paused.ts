import { type RawBuilder, sql } from 'kysely'

/** How a pause is written down: its primary key. */
export const pauseOf = (what: 'job' | 'queue', name: string): string => `${what} ${name}`

/** A condition: that neither the queue nor the kind is paused. One look at one index, which is cheap to plan, too. */
export function notPaused(
  queue: RawBuilder<unknown>,
  name: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`not exists (select from yuzuru_job_pauses as pause
    where pause.target in ('job ' || ${name}, 'queue ' || ${queue}))`
}
