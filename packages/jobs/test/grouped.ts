import { type Kysely, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'
import type { TestSchema } from './open-kysely.ts'

export interface GroupedPayload {
  readonly group: string
  readonly n: number
}

/** A kind whose jobs take turns in the group that their payload names. */
export function grouped(
  run: (payload: GroupedPayload, context: JobContext) => Promise<void>,
  attempts = 5,
): Job<GroupedPayload> {
  return defineJob({
    name: 'grouped',
    attempts,
    backoff: () => 5,
    group: ({ group }) => group,
    run,
  })
}

/** Such a kind whose handlers write down that they begin, and that they end; every fourth fails the first time. */
export function tracing(db: Kysely<TestSchema>, onEnd?: () => void): Job<GroupedPayload> {
  return grouped(async ({ group, n }, { attempt }) => {
    const note = async (what: string): Promise<void> => {
      await sql`insert into trace (grp, n, what) values (${group}, ${n}, ${what})`.execute(db)
    }
    await note('begin')
    if (n % 4 === 3 && attempt === 1) throw new Error('once more')
    await note('end')
    onEnd?.()
  })
}
