import { expected } from '@yuzuru/concurrency/boundary'
import { encodeField } from './copy-format.ts'
import type { CopyChunk } from '../wire/copy-exchange.ts'
import { textOf } from '../wire/value-text.ts'

/** How many characters are put together before they are sent. */
const CHUNK_LENGTH = 65_536

/** Items, from an iterable or an async one. */
export type Source<T> = Iterable<T> | AsyncIterable<T>

/** Rows as COPY's text format, put together to chunks. */
class RowEncoder {
  readonly #columns: readonly string[]
  #text = ''
  #rows = 0
  #total = 0

  constructor(columns: readonly string[]) {
    this.#columns = columns
  }

  /** Whether it is time to {@link take} them. */
  get full(): boolean {
    return this.#text.length >= CHUNK_LENGTH
  }

  /** @throws {TypeError} that names the row, counted from 1, and the column */
  add(row: unknown): void {
    this.#total += 1
    const values = this.#valuesOf(row)
    for (let at = 0; at < values.length; at += 1) {
      if (at > 0) this.#text += '\t'
      this.#text += this.#fieldOf(values[at], this.#columns[at])
    }
    this.#text += '\n'
    this.#rows += 1
  }

  /** What was added since the last call. */
  take(): CopyChunk {
    const chunk = { bytes: Buffer.from(this.#text), rows: this.#rows }
    this.#text = ''
    this.#rows = 0
    return chunk
  }

  #fieldOf(value: unknown, column: string | undefined): string {
    try {
      return encodeField(textOf(value))
    } catch (error) {
      // The value itself must not be in the message.
      const reason = error instanceof Error ? error.message : String(error)
      throw new TypeError(`${reason} (row ${this.#total}, column "${column}")`, { cause: error })
    }
  }

  #valuesOf(row: unknown): readonly unknown[] {
    const columns = this.#columns
    if (typeof row !== 'object' || row === null) {
      throw expected(`row ${this.#total} to be a row`, row)
    }
    if (Array.isArray(row)) {
      if (row.length === columns.length) return row
      throw new TypeError(
        `Expected ${columns.length} values, got ${row.length} (row ${this.#total})`,
      )
    }
    const strange = Object.keys(row).find((key) => !columns.includes(key))
    if (strange === undefined) return columns.map((column) => Reflect.get(row, column))
    throw new TypeError(`Expected no value for "${strange}" (row ${this.#total})`)
  }
}

/** Encodes rows, arrays or objects, of these columns. */
export async function* encodeRows(
  source: Source<unknown>,
  columns: readonly string[],
): AsyncGenerator<CopyChunk, void, undefined> {
  const encoder = new RowEncoder(columns)
  if (Symbol.asyncIterator in source) {
    for await (const row of source) {
      encoder.add(row)
      if (encoder.full) yield encoder.take()
    }
  } else {
    // Not awaited row by row: that costs more than to encode one.
    for (const row of source) {
      encoder.add(row)
      if (encoder.full) yield encoder.take()
    }
  }
  const rest = encoder.take()
  if (rest.bytes.length > 0) yield rest
}

/** A message to the server must be below 1 GiB; pieces of this size wait for each other. */
const MAX_PIECE = 1_048_576

/** Passes bytes, or text, on as they are, in pieces that are not too large. */
export async function* passBytes(
  source: Source<unknown>,
): AsyncGenerator<CopyChunk, void, undefined> {
  for await (const piece of source) {
    const bytes = bytesOf(piece)
    for (let at = 0; at < bytes.length; at += MAX_PIECE) {
      yield { bytes: bytes.subarray(at, at + MAX_PIECE), rows: undefined }
    }
  }
}

function bytesOf(piece: unknown): Buffer {
  if (typeof piece === 'string') return Buffer.from(piece)
  if (piece instanceof Uint8Array) {
    return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  }
  throw expected('bytes or text', piece)
}
