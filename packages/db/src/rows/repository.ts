import { expected, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { sql } from 'kysely'
import { DbError } from '../wire/db-error.ts'
import { expectWanted, findBy } from './find-by.ts'
import { getOrCreate, type GotOrCreated } from './get-or-create.ts'
import { insertParts } from './insert-parts.ts'
import { isUniqueViolation } from './unique-violation.ts'
import type { Queryable } from '../statements/queryable.ts'
import {
  type AnySchema,
  type Column,
  type Key,
  loosely,
  type NewRow,
  type Row,
  type RowChanges,
  type Table,
} from '../statements/table.ts'
import { enclosingTransaction } from '../transactions/transaction-state.ts'
import { transaction } from '../transactions/transaction.ts'

/** Options of {@link Repository.list}. */
export interface ListOptions<DB, T extends keyof DB> {
  /** Columns and the values they have; `null` finds NULL. @default all rows */
  readonly where?: Partial<Row<DB, T>> | undefined
  /** @default the primary key, ascending */
  readonly orderBy?: readonly (keyof DB[T] & string)[] | undefined
  /** @default all: see {@link paginate} and {@link stream} for lists that may be long */
  readonly limit?: number | undefined
}

/** Options of {@link Repository.update}. */
export interface UpdateOptions {
  /** The version that the caller has seen; another one in the database is a `conflict`. */
  readonly version?: number | undefined
}

/** The verbs that nearly every table needs, each on a `db` or a `tx`. For all else there is Kysely. */
export interface Repository<
  DB,
  T extends keyof DB & string,
  I extends Column<DB, T> = Column<DB, T>,
  V extends Column<DB, T> | undefined = Column<DB, T> | undefined,
> {
  readonly table: Table<DB, T, I, V>
  /** The row with this primary key. @throws {DbError} `not_found` */
  get(db: Queryable<DB>, id: Key<DB, T, I>): Promise<Row<DB, T>>
  /** As {@link Repository.get}, with `undefined` for a row that is not there. */
  find(db: Queryable<DB>, id: Key<DB, T, I>): Promise<Row<DB, T> | undefined>
  /**
   * The row with these values of unique columns.
   *
   * @throws {DbError} `not_found`; `multiple_rows` when the columns are not unique
   * @throws {TypeError} without a column, and on `null` or `undefined`: NULL is never unique
   * @example
   * const billing = await billings.getBy(db, { office_id: officeId })
   */
  getBy(db: Queryable<DB>, values: Partial<Row<DB, T>>): Promise<Row<DB, T>>
  /** As {@link Repository.getBy}, with `undefined` for a row that is not there. */
  findBy(db: Queryable<DB>, values: Partial<Row<DB, T>>): Promise<Row<DB, T> | undefined>
  /** All rows that match, in one array. For lists that may be long use {@link paginate} or {@link stream}. */
  list(db: Queryable<DB>, options?: ListOptions<DB, T>): Promise<Row<DB, T>[]>
  /**
   * Inserts a row and gives it back as it is now, defaults included.
   *
   * @throws {DbError} `unique_violation`, `foreign_key_violation` and the other violations of constraints
   */
  create(db: Queryable<DB>, values: NewRow<DB, T>): Promise<Row<DB, T>>
  /**
   * The row that has the same values in these unique columns, or else a new one of `values`. However many
   * callers race, one of them creates it, and all get it. An existing row is not changed.
   *
   * The values must be as the table keeps them: a row that a trigger or the precision of a column has
   * changed on its way in is not found by what was given.
   *
   * @throws {DbError} `undefined_object` when no unique constraint is on exactly these columns; `conflict`
   *   when the row is met again and again, and not found
   * @throws {TypeError} when one of the columns has no value
   * @example
   * const { row, created } = await billings.getOrCreate(db, { office_id, status: 'trialing' }, ['office_id'])
   */
  getOrCreate(
    db: Queryable<DB>,
    values: NewRow<DB, T>,
    columns: readonly (keyof DB[T] & string)[],
  ): Promise<GotOrCreated<Row<DB, T>>>
  /**
   * Inserts all of them or none, in as few statements as the limit on parameters allows; several run in
   * one transaction. Columns that a row leaves out take their default. Past some ten thousand rows
   * {@link copyIn} is faster.
   *
   * @returns the rows as they are now, in the same order
   */
  createMany(db: Queryable<DB>, rows: readonly NewRow<DB, T>[]): Promise<Row<DB, T>[]>
  /**
   * Changes the columns that are given, and gives the row back as it is now. On a table with a `version` it
   * counts that up; pass the version that you have read, so that no other change is overwritten.
   *
   * @throws {DbError} `not_found`; `conflict` when the row no longer has this version
   */
  update(
    db: Queryable<DB>,
    id: Key<DB, T, I>,
    changes: RowChanges<DB, T>,
    // Without a version column there is nothing to compare with.
    ...options: [V] extends [undefined] ? [] : [options?: UpdateOptions]
  ): Promise<Row<DB, T>>
  /**
   * Inserts, or updates the row that has the same values in these unique columns (by default the primary
   * key). However many callers race, one of them inserts, and the others update.
   *
   * @throws {DbError} `unique_violation` when another unique constraint refuses the row. In a transaction
   *   that may also be a race for this very row, which PostgreSQL finds in that order: it is settled by
   *   running the transaction again
   */
  upsert(
    db: Queryable<DB>,
    values: NewRow<DB, T>,
    conflict?: readonly (keyof DB[T] & string)[],
  ): Promise<Row<DB, T>>
  /** Deletes the row with this primary key. `deleted` is false when there was none, which is not an error. */
  delete(db: Queryable<DB>, id: Key<DB, T, I>): Promise<{ readonly deleted: boolean }>
  /** Reads a row again. @throws {DbError} `not_found` */
  refresh(db: Queryable<DB>, row: Row<DB, T>): Promise<Row<DB, T>>
}

/**
 * Makes the verbs that most tables need (get, list, create, update, delete …) for one table, typed by the
 * Kysely schema. For joins, filters beyond equality and aggregates write Kysely queries.
 *
 * @example
 * const plans = repository(tableOf<Schema>()('plans', { version: 'version' }))
 * const plan = await plans.get(db, id)
 * await plans.update(db, id, { status: 'approved' }, { version: plan.version })
 */
export function repository<
  DB,
  T extends keyof DB & string,
  I extends Column<DB, T>,
  V extends Column<DB, T> | undefined,
>(table: Table<DB, T, I, V>): Repository<DB, T, I, V> {
  expectObject('table', table)
  const { name } = table
  const version: string | undefined = table.version
  const key: string = table.id
  type Found = Row<DB, T>
  const found = (row: unknown): Found => {
    if (row === undefined) throw notFound(name)
    return row as Found
  }
  const byId = (db: Queryable<DB>, id: unknown) =>
    loosely(db).selectFrom<string>(name).selectAll().where(key, '=', given(id))
  // Without any value, all columns take their default: `values` would be a syntax error.
  const inserting = (db: Queryable<DB>, row: Record<string, unknown>) => {
    const query = loosely(db).insertInto(name)
    return Object.keys(row).length === 0 ? query.defaultValues() : query.values(row)
  }
  const bumped =
    version === undefined ? {} : { [version]: sql`${sql.ref(`${name}.${version}`)} + 1` }
  const self: Repository<DB, T, I, V> = {
    table,
    async get(db, id) {
      return found(await byId(db, id).executeTakeFirst())
    },
    async find(db, id) {
      return (await byId(db, id).executeTakeFirst()) as Found | undefined
    },
    async getBy(db, values) {
      return found(await self.findBy(db, values))
    },
    async findBy(db, values) {
      expectWanted('getBy', values)
      return (await findBy(db, name, values)) as Found | undefined
    },
    async list(db, options = {}) {
      expectOptions(options, ['where', 'orderBy', 'limit'], 'repository.list')
      const { where = {}, orderBy = [key], limit } = options
      let query = loosely(db).selectFrom<string>(name).selectAll()
      for (const [column, value] of Object.entries(where)) {
        // Left out, it would find all rows; sent, it would find none.
        if (value === undefined) {
          throw new TypeError(`Expected where.${column} to have a value, got undefined`)
        }
        query = query.where(column, value === null ? 'is' : '=', value)
      }
      // A plain string would be read for a direction too: 'id desc'.
      for (const column of orderBy) query = query.orderBy(loosely(db).dynamic.ref<string>(column))
      if (limit !== undefined) query = query.limit(limit)
      return (await query.execute()) as Found[]
    },
    async create(db, values) {
      const query = inserting(db, plain(values)).returningAll()
      return (await query.executeTakeFirstOrThrow()) as Found
    },
    async getOrCreate(db, values, columns) {
      const row = plain(values)
      expectWanted('getOrCreate', Object.fromEntries(columns.map((it) => [it, row[it]])))
      return (await getOrCreate(db, name, row, columns)) as GotOrCreated<Found>
    },
    async createMany(db, rows) {
      const insert = (on: Queryable<DB>, part: readonly Record<string, unknown>[]) =>
        loosely(on).insertInto(name).values(part).returningAll().execute()
      const [first, ...rest] = insertParts(rows.map(plain), key)
      if (first === undefined) return []
      if (rest.length === 0) return (await insert(db, first)) as Found[]
      return await transaction(db, async (tx) => {
        const created = await insert(tx, first)
        for (const part of rest) created.push(...(await insert(tx, part)))
        return created as Found[]
      })
    },
    async update(db, id, changes, ...[options = {}]: [options?: UpdateOptions]) {
      expectOptions(options, ['version'], 'repository.update')
      if (options.version !== undefined && version === undefined) {
        throw new TypeError(`Expected tableOf('${name}') to name its version column`)
      }
      const set = { ...plain(changes), ...bumped }
      // Nothing to change: it need only be there.
      if (Object.keys(set).length === 0) return await self.get(db, id)
      const row = await loosely(db)
        .updateTable<string>(name)
        .set(set)
        .where(key, '=', given(id))
        .$if(options.version !== undefined, (query) =>
          query.where(version ?? key, '=', options.version),
        )
        .returningAll()
        .executeTakeFirst()
      if (row !== undefined || options.version === undefined) return found(row)
      found(await byId(db, id).executeTakeFirst())
      throw versionConflict(name)
    },
    async upsert(db, values, conflict = [table.id]) {
      const row = plain(values)
      const changed = Object.keys(row).filter((column) => !conflict.some((it) => it === column))
      const excluded = changed.map((column) => [column, sql`${sql.ref(`excluded.${column}`)}`])
      // Something must be set, or a row that exists would not be returned.
      const kept = conflict.slice(0, 1).map((it) => [it, sql`${sql.ref(`excluded.${it}`)}`])
      const set = { ...Object.fromEntries(changed.length === 0 ? kept : excluded), ...bumped }
      const query = inserting(db, row)
        .onConflict((on) => on.columns([...conflict]).doUpdateSet(set))
        .returningAll()
      try {
        return (await query.executeTakeFirstOrThrow()) as Found
      } catch (error) {
        // By a race for the same row, as it may be: then it is there now.
        if (!isUniqueViolation(error) || enclosingTransaction(db) !== undefined) throw error
        return (await query.executeTakeFirstOrThrow()) as Found
      }
    },
    async delete(db, id) {
      const [result] = await loosely(db)
        .deleteFrom<string>(name)
        .where(key, '=', given(id))
        .execute()
      return { deleted: result?.numDeletedRows === 1n }
    },
    async refresh(db, row) {
      return await self.get(db, (row as AnySchema[string])[key] as Key<DB, T, I>)
    },
  }
  return self
}

/** Values for generic code. What is `undefined` is left to the database. */
function plain(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function notFound(table: string): DbError {
  return new DbError(`There is no such row in ${table}`, {
    operation: 'query',
    code: 'not_found',
    outcome: 'none',
    table,
  })
}

function versionConflict(table: string): DbError {
  return new DbError(`The row in ${table} was changed by somebody else since it was read`, {
    operation: 'query',
    code: 'conflict',
    outcome: 'none',
    table,
  })
}

/** Sent, it would find no row, and say that there is none. */
function given(id: unknown): unknown {
  if (id === undefined) throw expected('id to have a value', id)
  return id
}
