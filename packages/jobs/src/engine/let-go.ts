import type { IoOptions } from '@yuzuru/concurrency'
import { type Kysely, type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { committed } from '../database/committed.ts'
import { execute } from '../database/execute.ts'
import { momentText } from '../database/moment-text.ts'
import { notPaused } from '../database/not-paused.ts'
import { textList } from '../database/text-list.ts'
import type { JobLimits } from '../job/limits.ts'
import { chooseHeld, type HeldJob, type Usage } from './choose-held.ts'
import { MOST_NAMES } from './worker-report.ts'

/** Of how many tenants one look takes jobs. The next look goes on with others, where there are more. */
const TENANTS = 100

const CALL = { operation: 'letGo', effect: 'idempotent' } as const

/** What {@link letGo} has done. */
export interface LetGo {
  /** How many jobs may be taken now. */
  readonly opened: number
  /** In how many milliseconds there may be more; `Infinity` when not before one has ended. */
  readonly nextMs: number
  /** Whether another worker was at it. */
  readonly isBusy: boolean
  /** Whether some of them are tried one at a time. */
  readonly suspects: boolean
  /** Whether another look finds others: further tenants, or those behind what was put off or has a key that is busy now. */
  readonly more: boolean
  /** Whether others have some of them locked: the end of a lock tells nobody. */
  readonly passedOver: boolean
}

/** Writes down the limits that a kind was defined with. Those that were changed at run time stay. */
export async function declareLimits(
  db: QueryExecutorProvider,
  name: string,
  limits: JobLimits,
  options: IoOptions,
): Promise<void> {
  await execute(
    db,
    CALL,
    sql`insert into yuzuru_job_limits (name, declared) values (${name}, ${JSON.stringify(limits)}::jsonb)
      on conflict (name) do update set declared = excluded.declared
      where yuzuru_job_limits.declared <> excluded.declared`,
    options,
  )
}

/** What {@link letGo} is to let go. */
export interface LetGoRequest {
  /** The kind. */
  readonly name: string
  readonly room: number
  /** Only in these: what no worker takes would use the limits up. */
  readonly queues: readonly string[]
}

/**
 * Lets jobs of a kind with limits go, up to `room`. Whoever does so holds the kind's row, so that the limits hold on all
 * machines: what counts is found in the jobs themselves, and so can't be left over by a crash. Where another holds it
 * already, nothing is done, and soon looked at again.
 */
export async function letGo(
  db: Kysely<unknown>,
  { name, room, queues }: LetGoRequest,
  options: IoOptions,
): Promise<LetGo> {
  return await committed(db, async (tx) => {
    const [row] = await execute(
      tx,
      CALL,
      sql<{ limits: string; last: string }>`
        select coalesce(changed, declared)::text as limits, last_tenant as last from yuzuru_job_limits
        where name = ${name} for update skip locked`,
      options,
    )
    if (row === undefined) return BUSY
    const limits = JSON.parse(row.limits) as JobLimits
    const perMs = Math.max(
      ...[limits, limits.perTenant, limits.perKey].map((limit) => limit?.rate?.perMs ?? 0),
    )
    // A statement of its own: what it sees is what was committed before the row was had.
    const ofKey = limits.perKey?.concurrency
    const request = { name, room, queues, perMs, ofKey, last: row.last }
    let found = await look(tx, request, options)
    if (found.untaken && (await takeBack(tx, request, options))) {
      found = await look(tx, request, options)
    }
    const { running, starts, held, tenants, now } = found
    const { go, later, nextMs } = chooseHeld(limits, { running, starts }, held, room)
    const [did] = await execute(
      tx,
      CALL,
      sql<{ readonly opened: number; readonly putOff: number; readonly suspects: boolean }>`
        with gone as (
          update yuzuru_jobs set stage = case when crashes > 0 then 2 else 0 end
          -- What others have locked is passed over, and not waited for.
          where id in (select id from yuzuru_jobs where stage = 4
            and id = any (${arrayLiteral(go.map(({ id }) => id))}::uuid[]) for update skip locked)
          returning stage, tenant, coalesce(unique_key, serial_key) as key
        ), put_off as (
          update yuzuru_jobs as job set stage = 1, put_off = true, run_at = ${now}::timestamptz + input.delay * interval '1 millisecond'
          from jsonb_to_recordset(${JSON.stringify(later.map(({ id, delayMs }) => ({ id, delay: delayMs })))}::jsonb)
            as input (id uuid, delay float8)
          where job.id = input.id and job.id in (select id from yuzuru_jobs where stage = 4
            and id = any (${arrayLiteral(later.map(({ id }) => id))}::uuid[]) for update skip locked)
          returning 1
        ), forgotten as (
          delete from yuzuru_job_starts where name = ${name}
            and at <= ${now}::timestamptz - ${perMs}::float8 * interval '1 millisecond'
        ), ahead as (
          -- The clock of the database went back since: what began then counts from now on, and not until the clock is there.
          update yuzuru_job_starts set at = ${now}::timestamptz where name = ${name} and at > ${now}::timestamptz
        ), noted as (
          insert into yuzuru_job_starts (name, tenant, key, at)
          select ${name}, tenant, key, clock_timestamp() from gone where ${perMs > 0}::boolean
        ), turned as (
          update yuzuru_job_limits set last_tenant = ${tenants.length < TENANTS ? '' : (tenants.at(-1) ?? '')}
          where name = ${name} and ${tenants.length === TENANTS || row.last !== ''}::boolean
        )
        select (select count(*) from gone)::integer as opened, (select count(*) from put_off)::integer as "putOff",
          exists (select from gone where stage = 2) as suspects`,
      options,
    )
    // Those with a key that became busy by this very look took the place of others, which the next look finds behind them.
    const isCut = ofKey !== undefined && go.length > 0 && isFull(held, room)
    const firstLater = Math.min(Infinity, ...later.map(({ delayMs }) => delayMs))
    const { opened = 0, putOff = 0 } = did ?? {}
    return {
      opened,
      nextMs: Math.min(nextMs, firstLater),
      isBusy: false,
      suspects: did?.suspects === true,
      more: go.length < room && (later.length > 0 || tenants.length === TENANTS || isCut),
      passedOver: opened + putOff < go.length + later.length,
    }
  })
}

/** Whether there were as many of one tenant as a look takes. */
function isFull(held: readonly HeldJob[], room: number): boolean {
  const counts = new Map<string, number>()
  for (const { tenant } of held) counts.set(tenant, (counts.get(tenant) ?? 0) + 1)
  return counts.values().some((jobs) => jobs === room)
}

/** How many jobs of a tenant a look passes by whose key has as many running as it may. */
const BEYOND = 5_000

/** How soon to look again at what another worker is looking at, in milliseconds. */
const BUSY_MS = 5

const BUSY: LetGo = {
  opened: 0,
  nextMs: BUSY_MS,
  isBusy: true,
  suspects: false,
  more: false,
  passedOver: false,
}

interface Look extends Usage {
  readonly held: readonly HeldJob[]
  /** Those that were looked at, in their order. */
  readonly tenants: readonly string[]
  readonly now: string
  /** Whether some were let go, and have not been taken, that this worker would not take. */
  readonly untaken: boolean
}

interface LookRequest extends LetGoRequest {
  readonly perMs: number
  /** How many of a key may run at once, if that is limited. */
  readonly ofKey: number | undefined
  readonly last: string
}

async function look(
  tx: QueryExecutorProvider,
  { name, room, queues, perMs, ofKey, last }: LookRequest,
  options: IoOptions,
): Promise<Look> {
  const tenantAfter = (after: string) => sql`
    (select tenant from yuzuru_jobs where stage = 4 and name = ${name} and ${sql.raw(after)}
      order by tenant limit 1)`
  const [row] = await execute(
    tx,
    { operation: 'letGo', effect: 'read' },
    sql<{ found: string; now: string }>`
      with recursive next as (
        ${tenantAfter(`tenant >= ''`)}
        union all
        select after.tenant from next cross join lateral ${tenantAfter('tenant > next.tenant')} as after
      ), tenants as materialized (
        -- Those after the last one that had its turn, then the others.
        (select tenant, 0 as turn from next where tenant > ${last} limit ${TENANTS}::integer)
        union all
        (select tenant, 1 from next where tenant <= ${last} limit ${TENANTS}::integer)
        order by turn, tenant limit ${TENANTS}::integer
      )
      , waiting as materialized (
        -- For places: more than there are would lose their order, and what a rate lets go now would begin much later.
        select count(*) as jobs from yuzuru_jobs
        where name = ${name} and tenant is not null and stage in (0, 2) and worker is null
      )
      ${
        ofKey === undefined
          ? sql``
          : sql`, busy as materialized (
        select coalesce(unique_key, serial_key) as key from yuzuru_jobs
        where name = ${name} and tenant is not null and stage in (0, 2)
          and coalesce(unique_key, serial_key) is not null
        group by 1 having count(*) >= ${ofKey}::integer
      )`
      }
      select ${momentText(sql`clock_timestamp()`)} as now, json_build_object(
        'running', (select coalesce(json_agg(part), '[]') from (
          select tenant, coalesce(unique_key, serial_key) as key, count(*)::integer as jobs from yuzuru_jobs
          where name = ${name} and tenant is not null and stage in (0, 2) group by 1, 2) as part),
        'starts', (select coalesce(json_agg(part), '[]') from (
          select tenant, key, greatest(date_part('epoch', clock_timestamp() - at) * 1000, 0) as "agoMs" from yuzuru_job_starts
          where name = ${name} and at > clock_timestamp() - ${perMs}::float8 * interval '1 millisecond') as part),
        'untaken', exists (select from yuzuru_jobs as job where ${untaken({ name, queues })}),
        'tenants', (select coalesce(json_agg(tenant order by turn, tenant), '[]') from tenants),
        -- What is paused is not let go: it would begin all at once when the pause is over, whatever its rate.
        'held', (select coalesce(json_agg(part order by turn, tenant, place), '[]') from (
          select job.id, tenants.tenant, job.key, tenants.turn, job.place
          from tenants cross join lateral (
            select id, key, row_number() over (order by priority, run_at, seq) as place from (
              select id, coalesce(unique_key, serial_key) as key, priority, run_at, seq
              from yuzuru_jobs where stage = 4 and name = ${name} and tenant = tenants.tenant
                and queue = any (${textList(queues)})
                and not exists (select from yuzuru_job_pauses as pause
                  where pause.target in ('job ' || yuzuru_jobs.name, 'queue ' || queue)
                    and (pause.paused_at is not null or pause.places <= (select jobs from waiting)))
              order by priority, run_at, seq limit ${room + (ofKey === undefined ? 0 : BEYOND)}::integer
            ) as first
            where ${ofKey === undefined ? sql`true` : sql`key is null or ${ofKey > 0} and key not in (select key from busy)`}
            order by priority, run_at, seq limit ${room}::integer
          ) as job) as part)
      )::text as found`,
    options,
  )
  const { found, now } = row as { found: string; now: string }
  return { ...(JSON.parse(found) as Omit<Look, 'now'>), now }
}

/** A condition: that a job was let go, is not taken, and would not be taken by a worker of these queues. */
function untaken({ name, queues }: Pick<LetGoRequest, 'name' | 'queues'>): RawBuilder<unknown> {
  return sql`job.name = ${name} and job.tenant is not null and job.stage in (0, 2) and job.worker is null
    and (not job.queue = any (${textList(queues)})
      or not ${notPaused(sql`job.queue`, sql`job.name`)})`
}

/**
 * Holds back again what was let go and what no worker takes: as its queue is paused, or as the last worker of it has
 * gone. It would count for as long as that lasts. What it counts for a rate stays: nobody knows that it has not begun.
 *
 * @returns whether there was any
 */
async function takeBack(
  tx: QueryExecutorProvider,
  request: LookRequest,
  options: IoOptions,
): Promise<boolean> {
  // A worker of an older version does not say what it serves, and one of many kinds does not say all.
  const says = (what: string, value: RawBuilder<unknown>): RawBuilder<unknown> => {
    const said = sql`worker.report -> ${sql.lit(what)}`
    return sql`(jsonb_array_length(${said}) = ${sql.lit(MOST_NAMES)} or ${said} ? ${value})`
  }
  const rows = await execute(
    tx,
    CALL,
    sql`
      update yuzuru_jobs set stage = 4 where id = any (array(
        select job.id from yuzuru_jobs as job where ${untaken(request)} and not exists (
          select from yuzuru_job_workers as worker
          where worker.lease_until > now() and ${notPaused(sql`job.queue`, sql`job.name`)}
            and (worker.report is null or (${says('queues', sql`job.queue`)} and ${says('kinds', sql`job.name`)}))
        ) limit ${MOST_BACK}::integer for update of job skip locked
      )) returning id`,
    options,
  )
  return rows.length > 0
}

/** How many one look holds back again. */
const MOST_BACK = 1_000
