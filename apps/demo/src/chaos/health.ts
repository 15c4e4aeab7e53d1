import { gather, sleep } from '@yuzuru/concurrency'
import type { FaultProxy } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Call } from './caller.ts'
import type { Member } from './member.ts'
import type { Finding } from './reconcile.ts'
import type { ChaosWorld } from './world.ts'

/** How much more than at first a process may hold once it is quiet again, in bytes. */
const ROOM_BYTES = 32 * 1_024 * 1_024
/** What two web processes, two workers and this process may have open: the sizes of their pools, and a listener each. */
const MOST_CONNECTIONS = 2 * (20 + 1) + 2 * (16 + 1) + 4
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

/**
 * Looks until none is busy, and there are no more than all pools may have: a worker that asks for work is busy for a
 * moment, a leak for good.
 */
async function connectionsOf(
  db: App['db'],
): Promise<{ readonly busy: number; readonly all: number }> {
  for (let looks = 1; ; looks += 1) {
    const { rows } = await sql<{ busy: number; all: number }>`
      select count(*)::int as all, count(*) filter (where state <> 'idle')::int as busy
      from pg_stat_activity
      where application_name = 'keikaku' and pid <> pg_backend_pid()`.execute(db)
    const { busy = 0, all = 0 } = rows[0] ?? {}
    if ((busy === 0 && all <= MOST_CONNECTIONS) || looks === LOOKS) return { busy, all }
    await sleep(LOOK_MS)
  }
}

/** What the app speaks to besides PostgreSQL. */
const OTHERS = ['s3', 'smtp', 'stripe', 'google'] as const

/** What holds connections when there is nothing left to do. */
interface Held {
  /** Processes that have never given back all connections to PostgreSQL while they were looked at. */
  readonly pools: readonly string[]
  /** How many connections are open to each of the others. */
  readonly open: readonly (readonly [boundary: string, connections: number])[]
}

/**
 * Looks until each pool has been seen with nothing taken from it, and nothing is open to what is spoken to by HTTP and
 * SMTP: an unused connection is closed after a while, a leaked one never is.
 */
export async function heldConnections(
  members: readonly Pick<Member, 'name' | 'figures'>[],
  lines: Readonly<Record<(typeof OTHERS)[number], Pick<FaultProxy, 'connections'>>>,
): Promise<Held> {
  const pools = new Set(members.map(({ name }) => name))
  for (let looks = 1; ; looks += 1) {
    for (const member of members.filter(({ name }) => pools.has(name))) {
      const { usedConnections } = await member.figures()
      if (usedConnections === 0) pools.delete(member.name)
    }
    const open = OTHERS.map((name) => [name, lines[name].connections] as const)
    const isLeft = open.some(([, connections]) => connections > 0)
    if ((pools.size === 0 && !isLeft) || looks === LOOKS) return { pools: [...pools], open }
    await sleep(LOOK_MS)
  }
}

/** Looks until it is within its room: what was cut off ends within limits of its own, a leak never does. */
async function mostGrown(
  members: readonly Member[],
  floor: ReadonlyMap<string, number>,
): Promise<{ readonly name: string; readonly bytes: number }> {
  for (let looks = 1; ; looks += 1) {
    const heaps = await heapsOf(members)
    const grown = [...heaps].map(([name, bytes]) => ({
      name,
      bytes: bytes - (floor.get(name) ?? 0),
    }))
    const most = grown.reduce((one, other) => (other.bytes > one.bytes ? other : one))
    if (most.bytes < ROOM_BYTES || looks === LOOKS) return most
    await sleep(LOOK_MS)
  }
}

/** What was before the faults, and what was said since. */
export interface Before {
  readonly floor: ReadonlyMap<string, number>
  /** When the faults began that some process must live through, as `performance.now()` says it. */
  readonly since: number
  readonly lines: readonly string[]
}

/** Whether the processes are as they were before: to be asked when there is nothing left to do. */
export async function checkHealth(
  { db }: App,
  members: readonly Member[],
  worldLines: ChaosWorld['lines'],
  { floor, since, lines }: Before,
): Promise<Finding[]> {
  const most = await mostGrown(members, floor)
  const { busy, all } = await connectionsOf(db)
  const { pools, open } = await heldConnections(members, worldLines)
  const stillOpen = open.filter(([, connections]) => connections > 0)
  const crashes = members.reduce((sum, member) => sum + member.crashes, 0)
  // One that was started anew says nothing of the faults before.
  const lived = members.filter(({ startedAt }) => startedAt < since).map(({ name }) => name)
  const unhandled = lines.filter((line) => /unhandled|uncaught/i.test(line)).length
  return [
    {
      what: 'connections to PostgreSQL that hold a transaction or a statement, or are beyond the pools',
      found: `${busy + Math.max(0, all - MOST_CONNECTIONS)} of ${all}`,
      holds: busy === 0 && all <= MOST_CONNECTIONS,
    },
    {
      what: 'connections that a process has never given back to its pool, or holds open to the others',
      found: [
        pools.length === 0 ? 'no pool' : pools.join(', '),
        ...open.map(([boundary, connections]) => `${boundary} ${connections}`),
      ].join(', '),
      holds: pools.length === 0 && stillOpen.length === 0,
    },
    {
      what: 'processes that ended by themselves, or said "unhandled"',
      found: `${crashes + unhandled}`,
      holds: crashes + unhandled === 0,
    },
    {
      what: 'memory is back to its floor',
      found: `${(most.bytes / MEGABYTE).toFixed(1)} MB more at most (${most.name}); lived through the faults: ${lived.join(', ')}`,
      holds: most.bytes < ROOM_BYTES && lived.length > 0,
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
