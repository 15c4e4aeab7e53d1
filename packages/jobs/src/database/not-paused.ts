import { type RawBuilder, sql } from 'kysely'
import { textList } from './text-list.ts'

/** How a pause is written down, and a number of places: its primary key. */
export const pauseOf = (what: 'job' | 'queue', name: string): string => `${what} ${name}`

/** The name in a {@link pauseOf}, if it is one of that. */
export const nameIn = (target: string, what: 'job' | 'queue'): string | undefined =>
  target.startsWith(pauseOf(what, '')) ? target.slice(pauseOf(what, '').length) : undefined

/**
 * A condition: that neither the queue nor the kind is paused or has a number of places. One look at one index, which is cheap to
 * plan, too.
 *
 * @param through those that have a number of places, which are passed over: who takes of these holds their rows
 */
export function isOpen(
  queue: RawBuilder<unknown>,
  name: RawBuilder<unknown>,
  through: readonly string[] = [],
): RawBuilder<unknown> {
  const passed = through.length === 0 ? sql`` : sql`and pause.target <> all (${textList(through)})`
  return sql`not exists (select from yuzuru_job_pauses as pause
    where pause.target in ('job ' || ${name}, 'queue ' || ${queue}) ${passed})`
}

/** A condition: that neither the queue nor the kind is paused. */
export function notPaused(
  queue: RawBuilder<unknown>,
  name: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`not exists (select from yuzuru_job_pauses as pause
    where pause.target in ('job ' || ${name}, 'queue ' || ${queue}) and pause.paused_at is not null)`
}
