import { sleep } from '@yuzuru/concurrency'
import {
  backoff,
  expected,
  expectFunction,
  expectInteger,
  expectOptions,
  hasNoTransaction,
  isMissingTable,
  withPlainFailure,
} from '@yuzuru/concurrency/boundary'
import {
  type QueryExecutorProvider,
  type RawBuilder,
  sql,
  type Transaction,
  type TransactionBuilder,
} from 'kysely'
import type {
  ClaimRequest,
  ClaimResult,
  IdempotencyStore,
  KeyClaim,
  ReleaseTo,
  StoredAnswer,
} from './idempotency-store.ts'
import { endedByHandler, isConflict, notMigrated } from './store-errors.ts'

/**
 * A `Kysely<DB>`, also one that was extended. Named by what is used of it: of a subclass TypeScript does
 * not find `DB` by the name of the class.
 */
interface StoreDatabase<DB> extends QueryExecutorProvider {
  transaction(): TransactionBuilder<DB>
}

type RunTransaction<DB> = <T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>

/** Options of {@link kyselyIdempotencyStore}. */
export interface KyselyIdempotencyStoreOptions<DB> {
  /**
   * Runs a handler in a transaction. With `@yuzuru/db`, `(fn) => transaction(db, fn)` takes no connection
   * before the handler's first statement, ends it with its scope and repeats it after a serialization
   * failure.
   *
   * @default Kysely's own `db.transaction()`, which holds a connection while the handler runs
   */
  readonly transaction?: RunTransaction<DB> | undefined
}

/**
 * Keeps keys and answers in PostgreSQL, in the tables of `idempotencyMigrations`. Leases and ages go by the
 * database's clock, so the clocks of the processes need not agree. Claims and renewals need a connection
 * beside that of the handler's transaction.
 *
 * @param db a Kysely of any schema: that of `@yuzuru/db`, or one of your own on PostgreSQL
 * @throws {TypeError} when `db` is not a Kysely, or an option is unknown
 * @example
 * const store = kyselyIdempotencyStore(db, { transaction: (fn) => transaction(db, fn) })
 */
export function kyselyIdempotencyStore<DB>(
  db: StoreDatabase<DB>,
  options: KyselyIdempotencyStoreOptions<DB> = {},
): IdempotencyStore<Transaction<DB>> {
  if (typeof db?.getExecutor !== 'function') throw expected('db to be a Kysely', db)
  expectOptions(options, ['transaction'], 'kyselyIdempotencyStore')
  const { transaction = (fn) => withPlainFailure((body) => db.transaction().execute(body), fn) } =
    options
  expectFunction('transaction', transaction)
  return new KyselyIdempotencyStore(db, transaction)
}

/** Names without underscores: a plugin that renames columns leaves them alone. */
interface KeyRow {
  readonly token: string
  readonly fingerprint: string
  readonly state: 'running' | 'unknown' | 'answered'
  readonly repeatable: boolean
  readonly lapsed: boolean
  readonly expired: boolean
  readonly status: number | null
  readonly headers: string | null
  /** Base64: drivers differ in what they make of bytes. */
  readonly body: string | null
}

/** How many expired keys a claim removes: more than it adds, so that what is left over goes down. */
const PRUNED_BY_CLAIM = 10

class KyselyIdempotencyStore<DB> implements IdempotencyStore<Transaction<DB>> {
  readonly #db: QueryExecutorProvider
  readonly transaction: RunTransaction<DB>

  constructor(db: QueryExecutorProvider, transaction: RunTransaction<DB>) {
    this.#db = db
    this.transaction = transaction
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    for (;;) {
      const row = await this.#findOrInsert(request)
      // Neither found nor inserted: another claim came between, and can be found now.
      if (row === undefined) continue
      if (row.token === request.token && row.state === 'running') return { state: 'claimed' }
      if (row.expired) return await this.#takeOver(request, row)
      if (row.fingerprint !== request.fingerprint) return { state: 'conflict' }
      if (row.state === 'answered') return { state: 'answered', answer: answerOf(row) }
      if (row.state === 'unknown') return { state: 'unknown' }
      if (!row.lapsed) return { state: 'running' }
      return row.repeatable ? await this.#takeOver(request, row) : { state: 'unknown' }
    }
  }

  async renew({ id, token }: KeyClaim, leaseMs: number): Promise<boolean> {
    // Another row than the one that is finished: neither waits for the other, nor fails because of it.
    const rows = await this.#rows(sql`
      with mine as (
        select id, token from yuzuru_idempotency_keys
        where id = ${id} and token = ${token} and state = 'running'
      ), renewed as (
        insert into yuzuru_idempotency_renewals (id, token, lease_until)
        select id, token, ${afterMs(leaseMs)} from mine
        on conflict (id, token) do update set lease_until = excluded.lease_until
      )
      select 1 as stands from mine`)
    return rows.length > 0
  }

  async finish(
    { id, token }: KeyClaim,
    { status, headers, body }: StoredAnswer,
    ttlMs: number,
    tx?: Transaction<DB>,
  ): Promise<boolean> {
    const statement = sql`
      update yuzuru_idempotency_keys set state = 'answered', status = ${status}::integer,
        headers = ${JSON.stringify(headers)},
        body = decode(${Buffer.from(body).toString('base64')}, 'base64'),
        expires_at = ${afterMs(ttlMs)}
      where id = ${id} and token = ${token} and state <> 'unknown' returning 1 as stands`
    if (tx !== undefined) await this.#expectOpen(tx)
    return (await this.#rows(statement, tx)).length > 0
  }

  async release({ id, token }: KeyClaim, to: ReleaseTo): Promise<'released' | 'answered' | 'lost'> {
    const mine = sql`id = ${id} and token = ${token}`
    const released = await this.#rows(sql`${ENDINGS[to](mine)} returning 1 as stands`)
    if (released.length > 0) return 'released'
    const [row] = await this.#rows<{ readonly state: string }>(
      sql`select state from yuzuru_idempotency_keys where ${mine}`,
    )
    if (row === undefined) return 'lost'
    return row.state === 'answered' ? 'answered' : 'released'
  }

  async prune(limit: number): Promise<number> {
    expectInteger('limit', limit, 1, 10_000)
    const rows = await this.#rows(sql`${pruned('', limit)} returning 1 as pruned`)
    return rows.length
  }

  /** One round trip for a key that is new, and for one that is known. */
  async #findOrInsert({
    id,
    token,
    fingerprint,
    ...request
  }: ClaimRequest): Promise<KeyRow | undefined> {
    const [row] = await this.#rows<KeyRow>(sql`
      with found as materialized (
        select token, fingerprint, state, repeatable, ${LEASE_UNTIL} <= now() as lapsed,
          greatest(expires_at, ${LEASE_UNTIL}) <= now() as expired,
          status, headers, encode(body, 'base64') as body
        from yuzuru_idempotency_keys as k where id = ${id}
      ), pruned as (${pruned(id, PRUNED_BY_CLAIM)}), inserted as (
        insert into yuzuru_idempotency_keys
          (id, token, fingerprint, repeatable, lease_until, expires_at)
        select ${id}, ${token}, ${fingerprint}, ${request.repeatable}::boolean,
          ${afterMs(request.leaseMs)}, ${afterMs(request.ttlMs)}
        where not exists (select from found)
        on conflict (id) do nothing
        returning token, fingerprint, state, repeatable
      )
      select * from found union all
      select token, fingerprint, state, repeatable, false, false, null, null, null from inserted`)
    return row
  }

  /** Puts the claim in the place of one that has lapsed, unless that is being finished just now. */
  async #takeOver(
    { id, token, fingerprint, repeatable, leaseMs, ttlMs }: ClaimRequest,
    former: KeyRow,
  ): Promise<ClaimResult> {
    const rows = await this.#rows(sql`
      with former as (
        select id from yuzuru_idempotency_keys as k
        where id = ${id} and token = ${former.token} and state = ${former.state}
          and ${former.expired ? sql`greatest(expires_at, ${LEASE_UNTIL})` : LEASE_UNTIL} <= now()
        for no key update skip locked
      )
      update yuzuru_idempotency_keys as k set token = ${token}, fingerprint = ${fingerprint},
        state = 'running', repeatable = ${repeatable}::boolean, status = null, headers = null,
        body = null, lease_until = ${afterMs(leaseMs)}, expires_at = ${afterMs(ttlMs)}
      from former where k.id = former.id returning 1 as taken`)
    return { state: rows.length > 0 ? 'claimed' : 'running' }
  }

  /**
   * A handler that has sent COMMIT or ROLLBACK itself would have its answer kept apart from its effect: the lock, which the
   * answer takes anyway, needs a transaction.
   */
  async #expectOpen(tx: Transaction<DB>): Promise<void> {
    try {
      await this.#rows(sql`lock table yuzuru_idempotency_keys in row exclusive mode`, tx)
    } catch (error) {
      throw hasNoTransaction(error) ? endedByHandler(error) : error
    }
  }

  async #rows<Row>(statement: RawBuilder<Row>, tx?: Transaction<DB>): Promise<readonly Row[]> {
    // Without the plugins: a CamelCasePlugin would rename the columns that we read.
    const executor = (tx ?? this.#db).getExecutor().withoutPlugins()
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await statement.execute({ getExecutor: () => executor })).rows
      } catch (error) {
        if (isMissingTable(error, 'yuzuru_idempotency_')) throw notMigrated(error)
        // A statement of its own that was undone whole, where the database's default is an isolation
        // that refuses races. In a transaction it is the transaction that must be repeated.
        if (tx !== undefined || attempt >= MOST_ATTEMPTS || !isConflict(error)) throw error
        await sleep(delayMs(attempt))
      }
    }
  }
}

/** How often a statement is tried that others interfere with, and what is waited between two attempts. */
const MOST_ATTEMPTS = 10
const delayMs = backoff({ baseDelayMs: 5, maxDelayMs: 200 })

/** By the clock, not by the start of the transaction. */
function afterMs(delayMs: number): RawBuilder<unknown> {
  return sql`clock_timestamp() + ${delayMs}::float8 * interval '1 millisecond'`
}

/** When the lease of a row of keys, which is called `k`, ends: as it was renewed last, or as it was claimed. */
const LEASE_UNTIL = sql`coalesce((
  select renewed.lease_until from yuzuru_idempotency_renewals as renewed
  where renewed.id = k.id and renewed.token = k.token
), k.lease_until)`

function pruned(except: string, limit: number): RawBuilder<unknown> {
  return sql`
    delete from yuzuru_idempotency_keys where id in (
      select id from yuzuru_idempotency_keys as k
      where expires_at <= now() and ${LEASE_UNTIL} <= now() and id <> ${except}
      order by expires_at limit ${limit}::integer for update skip locked
    )`
}

const ENDINGS: Readonly<Record<ReleaseTo, (mine: RawBuilder<unknown>) => RawBuilder<unknown>>> = {
  free: (mine) => sql`delete from yuzuru_idempotency_keys where ${mine} and state = 'running'`,
  again: (mine) => sql`
    with renewed as (delete from yuzuru_idempotency_renewals where ${mine})
    update yuzuru_idempotency_keys set lease_until = clock_timestamp(), repeatable = true
    where ${mine} and state = 'running'`,
  unknown: (mine) => sql`
    update yuzuru_idempotency_keys set state = 'unknown' where ${mine} and state = 'running'`,
}

function answerOf({ status, headers, body }: KeyRow): StoredAnswer {
  return {
    status: Number(status),
    headers: JSON.parse(headers ?? '[]') as StoredAnswer['headers'],
    body: Buffer.from(body ?? '', 'base64'),
  }
}
