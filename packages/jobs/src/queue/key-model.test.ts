import { assert, asyncProperty, array, constantFrom, integer, oneof, record } from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { claim } from '../engine/claim.ts'
import { complete } from '../engine/complete.ts'
import { Bounds } from '../engine/lane.ts'
import { openGroups } from '../engine/open-groups.ts'
import { promote } from '../engine/promote.ts'
import { settle } from '../engine/settle.ts'
import { register } from '../engine/worker-row.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job, KeyConflict } from '../job/job.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue } from './enqueue.ts'

type Step =
  | { readonly do: 'enqueue'; readonly onConflict: KeyConflict }
  | { readonly do: 'open' | 'take' | 'complete' | 'fail' | 'cancel' | 'wait' }

interface Row {
  id: string
  n: number
  later: boolean
  running: boolean
  begun: boolean
}

/** What there is of one key, by the rules: the head of its group, and one that is behind. */
class Model {
  head: Row | undefined = undefined
  behind: Row | undefined = undefined

  /** Which job a call is to give, if not a new one. */
  enqueue(onConflict: KeyConflict, n: number): Row | undefined {
    const { head, behind } = this
    const later = onConflict === 'debounce'
    if (onConflict === 'skip') return behind ?? head
    if (onConflict === 'again') return behind ?? (head?.running === false ? head : undefined)
    const replaced = behind ?? (head?.running === false && !head.begun ? head : undefined)
    if (replaced !== undefined) Object.assign(replaced, { n, later })
    else if (head?.running === false) this.head = undefined
    return replaced
  }

  open(): void {
    if (this.head !== undefined) return
    this.head = this.behind
    this.behind = undefined
  }
}

const jobs = Object.fromEntries(
  (['skip', 'again', 'replace', 'debounce'] as const).map((onConflict) => [
    onConflict,
    // `skip` beside the others: of a kind that has followers.
    defineJob<{ n: number }>({
      name: 'model',
      key: () => 'k',
      onConflict: onConflict === 'skip' ? 'again' : onConflict,
      run: async () => undefined,
    }),
  ]),
)

async function rowsOf(db: Kysely<TestSchema>): Promise<unknown[]> {
  const { rows } = await sql`
    select id::text as id, (payload ->> 'n')::integer as n, run_at > now() as later,
      worker is not null as running, claim > 0 as begun, stage = 3 as behind
    from yuzuru_jobs order by stage = 3`.execute(db)
  return rows
}

const step = oneof(
  record({
    do: constantFrom('enqueue' as const),
    onConflict: constantFrom<KeyConflict>('skip', 'again', 'replace', 'debounce'),
  }),
  record({ do: constantFrom('open', 'take', 'complete', 'fail', 'cancel', 'wait') }),
)

test('a key has the jobs that a plain model has, whatever is asked for and in whatever order', async () => {
  const { db } = await queue()
  const worker = await register(db, { name: 'test', leaseMs: 600_000, report: () => '{}' }, {})
  const check = async (steps: readonly Step[], from: number): Promise<void> => {
    await sql`delete from yuzuru_jobs`.execute(db)
    const bounds = new Bounds([{ queue: 'default', name: 'model' }])
    const model = new Model()
    let lease: { id: string; claim: number } | undefined
    let n = from
    for (const each of steps) {
      if (each.do === 'enqueue') {
        n += 1
        const { onConflict } = each
        const wanted = model.enqueue(onConflict, n)
        const options = onConflict === 'debounce' ? { delayMs: 3_600_000 } : {}
        const handle = await enqueue(
          db,
          jobs[onConflict] as Job<{ n: number }>,
          { n },
          {
            ...options,
            onConflict,
          },
        )
        expect(handle.created).toBe(wanted === undefined)
        if (wanted !== undefined) expect(handle.id).toBe(wanted.id)
        else {
          const later = onConflict === 'debounce'
          model.behind = { id: handle.id, n, later, running: false, begun: false }
        }
      } else if (each.do === 'open') {
        await openGroups(db, new Map([['model', '']]), {})
        model.open()
      } else if (each.do === 'take') {
        bounds.clear()
        const { jobs: taken } = await claim(db, { bounds, limit: 5, worker }, {})
        const { head } = model
        const mayGo = head !== undefined && !head.running && !head.later
        expect(taken.map(({ id }) => id)).toEqual(mayGo ? [head.id] : [])
        if (mayGo) {
          lease = taken[0]
          Object.assign(head, { running: true, begun: true })
        }
      } else if (each.do === 'wait') {
        await sql`update yuzuru_jobs set run_at = now() where run_at > now()`.execute(db)
        await promote(db, {})
        if (model.head !== undefined) model.head.later = false
        if (model.behind !== undefined) model.behind.later = false
      } else if (each.do === 'cancel') {
        const waits = model.behind ?? (model.head?.running === false ? model.head : undefined)
        if (waits === undefined) continue
        expect(await cancelJob(db, waits.id)).toBe('cancelled')
        if (model.behind === waits) model.behind = undefined
        else model.head = undefined
      } else if (lease !== undefined && model.head?.running === true) {
        if (each.do === 'complete') {
          expect(await complete(db, { ids: [lease.id], claim: lease.claim }, {})).toEqual([
            lease.id,
          ])
          model.head = undefined
        } else {
          const settlement = { to: 'waiting', delayMs: 0 } as const
          await settle(db, [{ lease, settlement }], {})
          model.head.running = false
        }
        lease = undefined
      }
      const { head, behind } = model
      const wanted = [
        ...(head === undefined ? [] : [{ ...head, behind: false }]),
        ...(behind === undefined ? [] : [{ ...behind, behind: true }]),
      ]
      expect(await rowsOf(db)).toEqual(wanted)
    }
  }
  await assert(
    asyncProperty(array(step as never, { minLength: 4, maxLength: 25 }), integer(), (steps, from) =>
      check(steps as Step[], Math.trunc(from / 2)),
    ),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 40) },
  )
})
