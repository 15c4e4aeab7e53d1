import { types } from 'pg'
import type { PgTypes } from './pg-client.ts'
import type { Column } from './row-shape.ts'

/** Reads a type's text. */
type Parse = (text: string) => unknown

/** An array type of the database, as {@link TYPES_QUERY} describes it. */
interface ArrayType {
  readonly list: number
  /** The type of the elements; of a domain, what it is based on. */
  readonly element: number
}

/**
 * Finds out which of the types are arrays, and of what. Domains are resolved to their base type, as
 * PostgreSQL does for a column that is not an array. Arrays of `box`, which are written with semicolons,
 * stay text.
 */
const TYPES_QUERY = `with recursive element as (
    select typarray as list, oid, typtype, typbasetype
    from pg_catalog.pg_type where typarray = any($1::oid[]) and typdelim = ','
    union all
    select element.list, base.oid, base.typtype, base.typbasetype
    from element join pg_catalog.pg_type base on base.oid = element.typbasetype
    where element.typtype = 'd'
  )
  select list, oid as element from element where typtype <> 'd'`

/**
 * Built-in types of PostgreSQL that are read as text. Any other unknown type costs one query of the
 * catalogue.
 */
const TEXTS: ReadonlySet<number> = new Set([
  18, 19, 25, 650, 705, 790, 829, 869, 1042, 1043, 1083, 1266, 1560, 1562, 1700, 2278, 2950, 3614,
])

const asText: Parse = (text) => text

/** pg's own parsers. */
const pgTypes: PgTypes = types

/** The parser that pg returns for a type that it does not know. */
const unread: unknown = pgTypes.getTypeParser(0)

/** Runs a statement with `oids` as its one parameter. */
export type AskCatalogue = (
  text: string,
  oids: readonly number[],
) => Promise<readonly Record<string, unknown>[]>

/**
 * The types that a database defines: arrays of its enums, of its domains, and of other types that pg does
 * not parse. Each is looked up on first use. A type that is dropped and created again has another OID, so
 * what is known never becomes wrong.
 */
export class TypeCatalogue {
  readonly #parserOf: (oid: number) => Parse
  /** `undefined` until it was looked up. */
  readonly #own = new Map<number, Parse | undefined>()
  readonly #foreign = new Set<number>()

  /** @param parserOf finds the parser of elements */
  constructor(parserOf: (oid: number) => Parse) {
    this.#parserOf = parserOf
  }

  /** The parser of a type that pg does not parse; `undefined` until it was looked up. */
  parserOf(oid: number): Parse | undefined {
    if (!this.#isOwn(oid)) return undefined
    return (text) => (this.#own.get(oid) ?? asText)(text)
  }

  /** Whether any of these columns has a type that pg does not parse. */
  concerns(columns: readonly Column[]): boolean {
    return columns.some(({ dataTypeID }) => this.#isOwn(dataTypeID))
  }

  /**
   * Looks up the unknown types of these columns, and parses their values in rows that were read as text.
   */
  async read(
    columns: readonly Column[],
    rows: readonly Record<string, unknown>[],
    ask: AskCatalogue,
  ): Promise<void> {
    const own = columns.filter(({ dataTypeID }) => this.#isOwn(dataTypeID))
    await this.#learn(
      own.map(({ dataTypeID }) => dataTypeID),
      ask,
    )
    // Of two columns with one name the last one counts.
    const parsers = new Map(own.map(({ name, dataTypeID }) => [name, this.#own.get(dataTypeID)]))
    for (const { name, dataTypeID } of columns) if (!this.#isOwn(dataTypeID)) parsers.delete(name)
    for (const [name, parse] of parsers) {
      if (parse === undefined || parse === asText) continue
      for (const row of rows) {
        const value = row[name]
        if (typeof value === 'string') row[name] = parse(value)
      }
    }
  }

  /** Whether it is a type that pg does not parse. */
  #isOwn(oid: number): boolean {
    if (this.#foreign.has(oid)) return false
    if (this.#own.has(oid)) return true
    const isOwn = !TEXTS.has(oid) && pgTypes.getTypeParser(oid) === unread
    if (isOwn) this.#own.set(oid, undefined)
    else this.#foreign.add(oid)
    return isOwn
  }

  async #learn(oids: readonly number[], ask: AskCatalogue): Promise<void> {
    const unknown = oids.filter((oid) => this.#isOwn(oid) && this.#own.get(oid) === undefined)
    if (unknown.length === 0) return
    const rows = await ask(TYPES_QUERY, [...new Set(unknown)])
    const arrays = rows as unknown as readonly ArrayType[]
    // The elements may be arrays themselves, of a domain that is based on one.
    await this.#learn(
      arrays.map(({ element }) => element).filter((element) => !unknown.includes(element)),
      ask,
    )
    for (const oid of unknown) this.#own.set(oid, asText)
    for (const { list, element } of arrays) {
      this.#own.set(list, arrayParser(this.#parserOf(element)))
    }
  }
}

const TEXT_ARRAY = 1009

/** A parser of arrays whose elements `parse` parses. NULL stays. */
export function arrayParser(parse: Parse): Parse {
  const split = pgTypes.getTypeParser(TEXT_ARRAY)
  return (text) => deeply(parse, split(text))
}

function deeply(parse: Parse, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => deeply(parse, item))
  return typeof value === 'string' ? parse(value) : value
}
