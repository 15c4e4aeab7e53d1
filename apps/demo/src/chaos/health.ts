import { gather, sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Call } from './caller.ts'
import type { Member } from './member.ts'
import type { Finding } from './reconcile.ts'

/** How much more than at first a process may hold once it is quiet again, in bytes. */
const ROOM_BYTES = 32 * 1_024 * 1_024
const MEGABYTE = 1_024 * 1_024
/** How often, and how many milliseconds apart, a thing is looked at before it counts as left behind. */
const LOOKS = 600
const LOOK_MS = 100

/** The heap of each process, by its name. */
export async function heapsOf(members: readonly Member[]): Promise<ReadonlyMap<string, number>> {
  const heaps = await gather(
    members.map((member) => async () => {
      const { heapBytes } = await member.figures()
      return [member.name, heapBytes] as const
    }),
  )
  return new Map(heaps)
}

/** Looks until none is busy: a worker that asks for work is so for a moment, a leak for good. */
async function heldConnections(db: App['db']): Promise<number> {
  for (let looks = 1; ; looks += 1) {
    const { rows } = await sql<{ open: number }>`
      select count(*)::int as open from pg_stat_activity
      where application_name = 'keikaku' and pid <> pg_backend_pid() and state <> 'idle'`.execute(
      db,
    )
    const open = rows[0]?.open ?? 0
    if (open === 0 || looks === LOOKS) return open
    await sleep(LOOK_MS)
  }
}

/** Looks until it is within its room: what was cut off ends within limits of its own, a leak never does. */
async function mostGrown(
  members: readonly Member[],
  floor: ReadonlyMap<string, number>,
): Promise<number> {
  for (let looks = 1; ; looks += 1) {
    const heaps = await heapsOf(members)
    const most = Math.max(...[...heaps].map(([name, bytes]) => bytes - (floor.get(name) ?? 0)))
    if (most < ROOM_BYTES || looks === LOOKS) return most
    await sleep(LOOK_MS)
  }
}

/** Whether the processes are as they were before: to be asked when there is nothing left to do. */
export async function checkHealth(
  { db }: App,
  members: readonly Member[],
  floor: ReadonlyMap<string, number>,
  lines: readonly string[],
): Promise<Finding[]> {
  const most = await mostGrown(members, floor)
  const open = await heldConnections(db)
  const crashes = members.reduce((sum, member) => sum + member.crashes, 0)
  const unhandled = lines.filter((line) => /unhandled|uncaught/i.test(line)).length
  return [
    {
      what: 'connections to PostgreSQL that hold a transaction or a statement',
      found: `${open}`,
      holds: open === 0,
    },
    {
      what: 'processes that ended by themselves, or said "unhandled"',
      found: `${crashes + unhandled}`,
      holds: crashes + unhandled === 0,
    },
    {
      what: 'memory is back to its floor',
      found: `${(most / MEGABYTE).toFixed(1)} MB more at most`,
      holds: most < ROOM_BYTES,
    },
  ]
}

/** Whether each request was answered, or its connection ended. */
export function checkCalls(calls: readonly Call[]): Finding {
  const silent = calls.filter(({ heard }) => heard === 'silent').length
  return {
    what: 'requests that failed without a word',
    found: `${silent} of ${calls.length}`,
    holds: silent === 0,
  }
}
