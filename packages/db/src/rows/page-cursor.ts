import { createHash } from 'node:crypto'
import type { PageKey } from './page-key.ts'

/**
 * Where a page ended, as text for a URL. It carries a mark of the order that it belongs to, so that it
 * is refused elsewhere; it is not secret and not signed, and moves a reader only within what the query
 * lets them see.
 */
export function writeCursor(keys: readonly PageKey[], values: readonly (string | null)[]): string {
  return Buffer.from(JSON.stringify([shapeOf(keys), ...values])).toString('base64url')
}

/** @throws {TypeError} when it is not a cursor of this order */
export function readCursorText(keys: readonly PageKey[], cursor: string): (string | null)[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    parsed = undefined
  }
  const [shape, ...values] = Array.isArray(parsed) ? (parsed as unknown[]) : []
  const fits = shape === shapeOf(keys) && values.length === keys.length
  if (fits && values.every((value) => value === null || typeof value === 'string')) return values
  throw new TypeError('Expected after to be the cursor of a page of this very order')
}

function shapeOf(keys: readonly PageKey[]): string {
  const shape = keys.map(({ column, direction, nulls }) => [column, direction, nulls])
  return createHash('sha256').update(JSON.stringify(shape)).digest('base64url').slice(0, 8)
}
