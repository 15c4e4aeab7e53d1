import type { PgTypes } from './pg-client.ts'
import { violation } from './protocol-error.ts'

/** A column, as the server describes it. */
export interface Column {
  readonly name: string
  readonly dataTypeID: number
}

/** The columns of a statement's rows, and how they are parsed. */
export class RowShape {
  readonly #columns: readonly Column[]
  readonly #parsers: readonly ((value: string) => unknown)[]
  /** Copied for each row, so that all rows have the same hidden class. */
  readonly #empty: Record<string, unknown>

  constructor(columns: readonly Column[], types: PgTypes) {
    this.#columns = columns
    this.#parsers = columns.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text'))
    this.#empty = Object.fromEntries(columns.map(({ name }) => [name, null]))
  }

  /** Whether it has exactly these columns. */
  isOf(columns: readonly Column[]): boolean {
    if (columns.length !== this.#columns.length) return false
    return this.#columns.every(({ name, dataTypeID }, at) => {
      const column = columns[at]
      return column?.name === name && column.dataTypeID === dataTypeID
    })
  }

  read(values: readonly (string | null)[]): Record<string, unknown> {
    if (values.length !== this.#columns.length) {
      throw violation('a row with another number of values than it has columns')
    }
    const row = { ...this.#empty }
    for (let at = 0; at < this.#columns.length; at += 1) {
      const { name } = this.#columns[at] as Column
      const value = values[at] ?? null
      // NULL is written too: of two columns with the same name the last one counts, as in pg.
      row[name] = value === null ? null : this.#parsers[at]?.(value)
    }
    return row
  }
}

/** How many texts are remembered before the memory is cleared. */
const LIMIT = 1_000

/** The shapes of earlier texts, for one set of parsers. Making a shape costs more than parsing a row. */
export class RowShapes {
  readonly #types: PgTypes
  readonly #shapes = new Map<string, RowShape>()

  constructor(types: PgTypes) {
    this.#types = types
  }

  of(text: string, columns: readonly Column[]): RowShape {
    const known = this.#shapes.get(text)
    if (known?.isOf(columns) === true) return known
    if (this.#shapes.size >= LIMIT) this.#shapes.clear()
    const shape = new RowShape(columns, this.#types)
    this.#shapes.set(text, shape)
    return shape
  }
}

const shapesOf = new WeakMap<PgTypes, RowShapes>()

/** The shapes that belong to a set of parsers. */
export function rowShapes(types: PgTypes): RowShapes {
  let shapes = shapesOf.get(types)
  if (shapes === undefined) {
    shapes = new RowShapes(types)
    shapesOf.set(types, shapes)
  }
  return shapes
}
