import { compareKeys, type SortedKeys } from './sorted-keys.ts'

/** Where a page begins: behind a key, or behind everything that shares a prefix. */
export interface Cursor {
  readonly after: string
  readonly isPrefix: boolean
}

export interface ListingQuery {
  readonly prefix: string
  /** Empty: no grouping. */
  readonly delimiter: string
  readonly cursor: Cursor | undefined
  readonly maxKeys: number
}

export interface Listing {
  readonly keys: readonly string[]
  readonly commonPrefixes: readonly string[]
  /** `undefined` on the last page. */
  readonly next: Cursor | undefined
}

function firstKey(keys: SortedKeys, { prefix, cursor }: ListingQuery): string | undefined {
  const first = keys.atOrAfter(prefix)
  if (!cursor || first === undefined) return first
  const behind = cursor.isPrefix ? keys.afterPrefix(cursor.after) : keys.after(cursor.after)
  // The cursor may lie before the prefix; then the prefix decides.
  return behind === undefined || compareKeys(behind, first) > 0 ? behind : first
}

/** One page; a group of keys counts as one entry and is skipped in one step. */
export function listPage(keys: SortedKeys, query: ListingQuery): Listing {
  const { prefix, delimiter, maxKeys } = query
  const found: string[] = []
  const commonPrefixes: string[] = []
  let last: Cursor | undefined
  let key = firstKey(keys, query)
  while (key !== undefined && key.startsWith(prefix)) {
    if (found.length + commonPrefixes.length >= maxKeys) {
      return { keys: found, commonPrefixes, next: last }
    }
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    if (cut === -1) {
      found.push(key)
      last = { after: key, isPrefix: false }
      key = keys.after(key)
    } else {
      const group = key.slice(0, cut + delimiter.length)
      commonPrefixes.push(group)
      last = { after: group, isPrefix: true }
      key = keys.afterPrefix(group)
    }
  }
  return { keys: found, commonPrefixes, next: undefined }
}

export function encodeToken(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.after, cursor.isPrefix])).toString('base64url')
}

/** `undefined` when the token is not one of ours. */
export function decodeToken(token: string): Cursor | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (!Array.isArray(value) || value.length !== 2) return undefined
    const [after, isPrefix] = value as unknown[]
    return typeof after === 'string' && typeof isPrefix === 'boolean'
      ? { after, isPrefix }
      : undefined
  } catch {
    return undefined
  }
}
